"""Boxes that somebody drew on a photograph: from YOLO text, VOC XML or COCO JSON beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from xml.etree import ElementTree

import yaml

from streams.errors import SourceNotFound, SourceUnreadable
from streams.naming import one_line

Box = tuple[float, float, float, float]

NO_BOXES: Final = "none"
"""Written instead of a file: look for none."""

_NAME_FILES: Final = ("data.yaml", "data.yml", "obj.names", "classes.txt", "classes.names")
_COCO_FILES: Final = ("annotations.json", "_annotations.coco.json", "instances.json")
_SIBLINGS: Final = ("labels", "voc", "annotations", "Annotations")
# Roboflow exports call a.png "a_png.rf.0123456789abcdef.jpg"; the annotations often keep the first name.
_EXPORTED: Final = re.compile(r"_(?:png|jpe?g|webp|bmp)\.rf\.[0-9a-f]+$", re.IGNORECASE)
_NAMES_ABOVE: Final = 4  # folders, from the side file's on, that are looked through for names


@dataclass(frozen=True, slots=True)
class Label:
    """One box on the photograph.

    Attributes
    ----------
    class_id, name : its class, as the file has it.
    box : x1, y1, x2, y2 as shares of the picture's width and height.
    ignore : the file says that it should not be counted ("ignore", "iscrowd" or "difficult").
    """

    class_id: int
    name: str
    box: Box
    ignore: bool = False


def find_labels(picture: Path, boxes: str | None, size: tuple[int, int]) -> tuple[Label, ...]:
    """Return the boxes of a picture.

    Without `boxes`, the first of these counts: NAME.txt (YOLO) or NAME.xml (VOC) beside the picture or in
    labels, voc, annotations or Annotations beside its folder; annotations.json (COCO) in its folder or the
    one above, if it names the picture. None there: no boxes.

    Parameters
    ----------
    picture : the picture's file.
    boxes : the side file to take; "none" for no boxes.
    size : width and height of the upright picture in pixels, for files that count in pixels and do not
        state a size.

    Raises
    ------
    SourceNotFound : `boxes` names no file.
    SourceUnreadable : the side file cannot be understood.
    """
    if boxes == NO_BOXES:
        return ()
    if boxes is not None:
        file = Path(boxes).expanduser()
        if not file.is_file():
            raise SourceNotFound(
                f"{one_line(boxes)}: there is no such file of boxes; check the path"
            )
        return _read(file, picture, size)
    for file in _candidates(picture):
        if file.is_file():
            if file.suffix == ".json" and not _names_picture(_json(file), picture):
                continue
            return _read(file, picture, size)
    return ()


def _candidates(picture: Path) -> Iterator[Path]:
    folder = picture.parent
    stems = dict.fromkeys((picture.stem, _EXPORTED.sub("", picture.stem)))
    for place in (folder, *(folder.parent / sibling for sibling in _SIBLINGS)):
        for stem in stems:
            yield place / f"{stem}.txt"
            yield place / f"{stem}.xml"
    for place in (folder, folder.parent):
        yield from (place / name for name in _COCO_FILES)


def _read(file: Path, picture: Path, size: tuple[int, int]) -> tuple[Label, ...]:
    reader = _READERS.get(file.suffix.lower())
    name = one_line(file.name)
    if reader is None:
        raise SourceUnreadable(
            f"{name}: boxes are read from .txt (YOLO), .xml (VOC) or .json (COCO); give one of these"
        )
    try:
        return tuple(reader(file, picture, size))
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError) as error:
        reason = one_line(str(error)) or type(error).__name__
        missing = f"{reason} is missing" if isinstance(error, KeyError) else reason
        raise SourceUnreadable(
            f"{name}: the boxes cannot be read ({missing}); mend the file, or add ?boxes={NO_BOXES}"
        ) from error


def _from_yolo(file: Path, picture: Path, size: tuple[int, int]) -> Iterator[Label]:
    """Lines of `class x y width height` in shares of the picture, or `class x1 y1 x2 y2 x3 y3 ...`."""
    del picture, size
    names = _names(file.parent)
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.split()
        if not words:
            continue
        try:
            class_id, values = int(words[0]), [float(word) for word in words[1:]]
        except ValueError:
            raise ValueError(f"line {number} is not a class and numbers") from None
        if len(values) in (4, 5):  # a fifth value is a detector's score
            x, y, width, height = values[:4]
            box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        elif len(values) >= 6 and len(values) % 2 == 0:
            box = (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
        else:
            raise ValueError(f"line {number} has {len(values)} numbers behind the class, not 4")
        if class_id < 0 or not all(-0.5 <= value <= 1.5 for value in box):
            raise ValueError(f"line {number} lies outside the picture; YOLO counts in shares of 1")
        yield Label(class_id, names.get(class_id, f"class {class_id}"), box)


def _from_voc(file: Path, picture: Path, size: tuple[int, int]) -> Iterator[Label]:
    """`object/bndbox` in pixels of the size that the file states, which may be that of a larger original."""
    del picture
    try:
        root = ElementTree.fromstring(file.read_bytes())
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    stated = (_number(root, "size/width", 0.0), _number(root, "size/height", 0.0))
    width, height = stated if min(stated) > 0 else size
    objects = root.findall("object")
    known = {name: number for number, name in _names(file.parent).items()}
    mine = sorted({_text(one, "name") for one in objects})
    for one in objects:
        name = _text(one, "name")
        x1, y1, x2, y2 = (_number(one, f"bndbox/{key}") for key in ("xmin", "ymin", "xmax", "ymax"))
        yield Label(
            known.get(name, mine.index(name)),
            name,
            (x1 / width, y1 / height, x2 / width, y2 / height),
            ignore=_number(one, "difficult", 0.0) == 1.0,
        )


def _from_coco(file: Path, picture: Path, size: tuple[int, int]) -> Iterator[Label]:
    content = _json(file)
    image = _names_picture(content, picture)
    if image is None:
        raise ValueError(f"it does not name {one_line(picture.name)}")
    width, height = float(image.get("width", size[0])), float(image.get("height", size[1]))
    names = {entry["id"]: str(entry["name"]) for entry in content.get("categories", ())}
    for entry in content["annotations"]:
        if entry["image_id"] != image["id"]:
            continue
        x, y, w, h = (float(value) for value in entry["bbox"])
        class_id = int(entry["category_id"])
        yield Label(
            class_id,
            names.get(class_id, f"class {class_id}"),
            (x / width, y / height, (x + w) / width, (y + h) / height),
            ignore=bool(entry.get("ignore") or entry.get("iscrowd")),
        )


_READERS: Final[Mapping[str, Callable[[Path, Path, tuple[int, int]], Iterator[Label]]]] = (
    MappingProxyType({".txt": _from_yolo, ".xml": _from_voc, ".json": _from_coco})
)


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise SourceUnreadable(
            f"{one_line(file.name)}: the boxes cannot be read ({one_line(str(error))}); mend the file, or "
            f"add ?boxes={NO_BOXES}"
        ) from error
    return content if isinstance(content, dict) else {}


def _names_picture(content: Mapping[str, Any], picture: Path) -> dict[str, Any] | None:
    """The entry of a picture, by the last part of its file name."""
    images = content.get("images", ())
    for entry in images if isinstance(images, list) else ():
        if isinstance(entry, dict) and Path(str(entry.get("file_name"))).name == picture.name:
            return entry
    return None


def _names(folder: Path) -> dict[int, str]:
    """Class names from the nearest names file, upwards from the folder; none: {}."""
    for place in (folder, *folder.parents)[:_NAMES_ABOVE]:
        for name in _NAME_FILES:
            file = place / name
            if file.is_file():
                return _names_in(file)
    return {}


def _names_in(file: Path) -> dict[int, str]:
    text = file.read_text(encoding="utf-8")
    if file.suffix not in (".yaml", ".yml"):
        return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"{file.name}: {error}") from None
    names = content.get("names", {}) if isinstance(content, dict) else {}
    pairs = names.items() if isinstance(names, dict) else enumerate(names)
    return {int(number): str(name) for number, name in pairs}


def _text(node: ElementTree.Element, path: str) -> str:
    found = node.findtext(path)
    if found is None:
        raise KeyError(path)
    return found.strip()


def _number(node: ElementTree.Element, path: str, otherwise: float | None = None) -> float:
    if otherwise is not None and node.find(path) is None:
        return otherwise
    text = _text(node, path)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{path} is no number: {text!r}") from None
