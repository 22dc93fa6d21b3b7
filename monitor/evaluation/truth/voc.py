"""Ground truth from VOC XML, a file a picture, read as for `photo:`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import supervision as sv

from monitor.errors import RunError
from monitor.evaluation.truth.boxes import WITHOUT, Size, Thing, as_detections
from streams.errors import StreamError
from streams.scenes.photo.boxes import find_labels


class VocTruth:
    """Boxes of a folder of pictures, each file read when its picture is asked for. A `Truth`.

    A picture without a file is not annotated; objects marked "difficult" are left out.

    Parameters
    ----------
    files : index of the picture -> its file.
    original : width and height of the pictures, for files that state none.
    """

    def __init__(self, files: Mapping[int, Path], original: Size) -> None:
        self._files = dict(files)
        self._original = original

    def at(self, index: int, size: Size) -> sv.Detections | None:
        """See `Truth.at`."""
        file = self._files.get(index)
        if file is None:
            return None
        try:
            labels = find_labels(file, str(file), self._original)
        except StreamError as error:
            # What to do is said there for a photo's options.
            raise RunError(f"{str(error).partition('; mend the file')[0]}; {WITHOUT}") from error
        things = [Thing(*one.box, one.class_id, one.name) for one in labels if not one.ignore]
        return as_detections(things, size, identified=False)
