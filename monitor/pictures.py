"""Pictures for people: boxes with scores, coloured by outcome, and the perturbation amplified."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from monitor.arrays import Pixels
from monitor.drift.matching import Box, FrameDrift, ObjectDrift, Outcome, class_name
from monitor.drift.tracks import UNFOLLOWED, ObjectTrack
from monitor.drift.trails import Trail
from monitor.trail_pictures import draw_faint_trails, draw_trails

Colour = tuple[int, int, int]

# Okabe and Ito's palette (2008), told apart by the colour-blind; BGR.
COLOURS: dict[Outcome, Colour] = {
    Outcome.KEPT: (115, 158, 0),  # bluish green
    Outcome.RELABELLED: (0, 159, 230),  # orange
    Outcome.MISSED: (0, 94, 213),  # vermilion
    Outcome.FABRICATED: (167, 121, 204),  # reddish purple
}

_FONT = cv2.FONT_HERSHEY_DUPLEX
_CASING: Colour = (24, 24, 24)
_WHITE: Colour = (255, 255, 255)
_LEGIBLE = 640  # pixels
_QUALITY = 85  # of a JPEG, 0 to 100
_ALIKE = 0.1  # of the most: places that differ by less are changed alike


def clean_picture(
    pixels: Pixels,
    drift: FrameDrift,
    class_names: tuple[str, ...],
    *,
    zoom: int = 1,
    tracks: Sequence[ObjectTrack] = (),
    trails: Sequence[Trail] = (),
) -> Pixels:
    """The clean frame with its detections; what the attack will cost each is in the colour.

    Parameters
    ----------
    pixels : uint8 BGR (H, W, 3); left as it is.
    drift : of this frame, boxes in its pixels.
    class_names : class id -> name.
    zoom : the picture is this many times as large as the frame, so that lines and text are sharp
        where a small frame is shown large; every pixel becomes a square of its own value.
    tracks : one for each object of the drift, whose ids are shown; none: no ids.
    trails : where the tracks were, drawn under the boxes.
    """
    picture = enlarged(pixels, zoom)
    draw_trails(picture, trails, zoom=zoom, line=_thickness(picture) + 2)
    for thing, track in _tracked(drift, tracks):
        if thing.clean_box is not None and thing.clean_class is not None:
            name = class_name(thing.clean_class, class_names)
            text = f"{_numbered(track.track_id)}{name} {thing.clean_score:.2f}"
            box = _corners(thing.clean_box, zoom)
            _draw_box(picture, box, COLOURS[thing.outcome])
            draw_label(picture, box, text, COLOURS[thing.outcome])
    return picture


def attacked_picture(
    pixels: Pixels,
    drift: FrameDrift,
    class_names: tuple[str, ...],
    *,
    zoom: int = 1,
    tracks: Sequence[ObjectTrack] = (),
    trails: Sequence[Trail] = (),
    clean_trails: Sequence[Trail] = (),
) -> Pixels:
    """The attacked frame with its detections; a missed object keeps a dashed outline where it was.

    A box that moved is joined with the clean box that it is matched to.

    Parameters
    ----------
    pixels, drift, class_names, zoom, tracks, trails : see `clean_picture`.
    clean_trails : where the clean answer saw the tracks, drawn thin for comparison.
    """
    picture = enlarged(pixels, zoom)
    draw_faint_trails(picture, clean_trails, zoom=zoom)
    draw_trails(picture, trails, zoom=zoom, line=_thickness(picture) + 2)
    for thing, track in _tracked(drift, tracks):
        colour = COLOURS[thing.outcome]
        if thing.attacked_box is not None and thing.attacked_class is not None:
            box = _corners(thing.attacked_box, zoom)
            if thing.clean_box is not None:
                _join(picture, _corners(thing.clean_box, zoom), box, colour)
            _draw_box(picture, box, colour)
            text = _numbered(track.attacked_track_id) + _attacked_text(thing, class_names)
            draw_label(picture, box, text, colour)
        elif thing.clean_box is not None:
            box = _corners(thing.clean_box, zoom)
            _draw_dashes(picture, box, colour)
            draw_label(picture, box, f"{_numbered(track.track_id)}missed", colour)
    return picture


def difference_picture(clean: Pixels, attacked: Pixels, factor: float) -> Pixels:
    """128 + factor * (attacked - clean), clipped: grey where nothing moved."""
    # One saturating pass: at 1280 x 720 it takes 0.4 ms, the same in int16 and float32 arrays 9 ms.
    return np.asarray(cv2.addWeighted(attacked, factor, clean, -factor, 128.0), np.uint8)


def heat_picture(clean: Pixels, attacked: Pixels) -> Pixels:
    """Where the perturbation lies: the largest change of a channel, smoothed, from black over red to yellow.

    From the least to the most changed place of this frame, so that a faint perturbation shows as well as a
    strong one; where all places are changed alike they are bright alike, and black where nothing is changed.
    The grey picture below keeps the frame recognisable.
    """
    # Three planes: numpy's max over the last axis takes ten times as long.
    blue, green, red = cv2.split(cv2.absdiff(clean, attacked))
    change = cv2.max(cv2.max(blue, green), red)
    # A 40th of the height: wide enough to join the dots of a perturbation, narrow enough for an object.
    side = 2 * (clean.shape[0] // 80) + 1
    smooth = cv2.blur(change.astype(np.float32), (side, side))
    low, high, _, _ = cv2.minMaxLoc(smooth)
    if high - low < _ALIKE * high:
        low = 0.0
    scale = 255.0 / (high - low) if high > 0 else 0.0
    level = cv2.convertScaleAbs(smooth, alpha=scale, beta=-low * scale)
    # Inferno rises evenly in lightness: it reads the same to the colour-blind and in grey.
    heat = cv2.applyColorMap(level, cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(cv2.cvtColor(clean, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return np.asarray(cv2.addWeighted(heat, 0.85, grey, 0.25, 0.0), np.uint8)


def legible_zoom(pixels: Pixels) -> int:
    """How many times a frame is to be enlarged, whole, for its scores to be read: to 640 pixels or more."""
    return max(1, math.ceil(_LEGIBLE / int(pixels.shape[1])))


def enlarged(pixels: Pixels, zoom: int) -> Pixels:
    """A copy, each pixel a square of zoom x zoom."""
    if zoom == 1:
        return np.ascontiguousarray(pixels).copy()
    size = pixels.shape[1] * zoom, pixels.shape[0] * zoom
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def text_scale(picture: Pixels) -> float:
    """OpenCV's font scale for this picture: about a 24th of its smaller side, never under 10 pixels."""
    return max(0.45, _side(picture) / 800)


def _attacked_text(thing: ObjectDrift, class_names: tuple[str, ...]) -> str:
    assert thing.attacked_class is not None
    text = f"{class_name(thing.attacked_class, class_names)} {thing.attacked_score:.2f}"
    if thing.outcome is Outcome.FABRICATED:
        return f"new: {text}"
    if thing.outcome is Outcome.RELABELLED and thing.clean_class is not None:
        return f"was {class_name(thing.clean_class, class_names)}: {text}"
    return text


def _tracked(
    drift: FrameDrift, tracks: Sequence[ObjectTrack]
) -> Iterator[tuple[ObjectDrift, ObjectTrack]]:
    return zip(drift.objects, tracks or [UNFOLLOWED] * len(drift.objects), strict=True)


def _numbered(track_id: int | None) -> str:
    return "" if track_id is None else f"#{track_id} "


def _corners(box: Box, zoom: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(v * zoom) for v in box)
    return x0, y0, x1, y1


def _draw_box(picture: Pixels, box: tuple[int, int, int, int], colour: Colour) -> None:
    x0, y0, x1, y1 = box
    line = _thickness(picture)
    # A dark casing under the coloured line: it stands out on any background, its own colour too.
    cv2.rectangle(picture, (x0, y0), (x1, y1), _CASING, line + 2, cv2.LINE_AA)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, line, cv2.LINE_AA)


def jpeg(picture: Pixels) -> bytes:
    """A picture as JPEG, small enough for a stream; PNG, without loss, is `monitor.runs.worst.encoded`."""
    done, data = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    if not done:
        raise ValueError(f"a picture of shape {picture.shape} could not be encoded")
    return np.asarray(data).tobytes()


def _join(
    picture: Pixels,
    clean: tuple[int, int, int, int],
    attacked: tuple[int, int, int, int],
    colour: Colour,
) -> None:
    """Where the matched clean box was, thin, its corners joined with the attacked one's; not if it stayed."""
    if max(abs(a - b) for a, b in zip(clean, attacked, strict=True)) <= _thickness(picture) + 1:
        return
    corners = ((0, 1), (2, 1), (0, 3), (2, 3))
    for stroke, width in ((_CASING, 3), (colour, 1)):
        cv2.rectangle(picture, clean[:2], clean[2:], stroke, width, cv2.LINE_AA)
        for i, j in corners:
            ends = (clean[i], clean[j]), (attacked[i], attacked[j])
            cv2.line(picture, *ends, stroke, width, cv2.LINE_AA)


def _draw_dashes(picture: Pixels, box: tuple[int, int, int, int], colour: Colour) -> None:
    x0, y0, x1, y1 = box
    line = _thickness(picture)
    across = _dashes(x0, x1, 5 * line)
    down = _dashes(y0, y1, 5 * line)
    strokes = [((a, y), (b, y)) for a, b in across for y in (y0, y1)]
    strokes += [((x, a), (x, b)) for a, b in down for x in (x0, x1)]
    for stroke_colour, width in ((_CASING, line + 2), (colour, line)):
        for start, end in strokes:
            cv2.line(picture, start, end, stroke_colour, width, cv2.LINE_AA)


def _dashes(start: int, end: int, length: int) -> list[tuple[int, int]]:
    """Dashes and gaps of about one length that begin and end with a dash, so that corners are closed."""
    count = max(1, round((end - start) / length / 2))
    edges = np.linspace(start, end, 2 * count).round().astype(int).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def draw_label(picture: Pixels, box: tuple[int, int, int, int], text: str, colour: Colour) -> None:
    """Text on a plate over a box, or inside it where there is no room above; never outside the picture.

    Parameters
    ----------
    picture : drawn into.
    box : x0, y0, x1, y1 in pixels of the picture; may reach over its edges.
    text : too long a text is cut and ends in "...".
    colour : of the plate, BGR; the text on it is black or white, whichever reads better.
    """
    height, width = picture.shape[:2]
    scale = text_scale(picture)
    pad = max(3, round(8 * scale))
    line = _thickness(picture)
    text = _fitting(text, width - 2 * pad, scale)
    (w, h), below = cv2.getTextSize(text, _FONT, scale, 1)
    plate_w, plate_h = w + 2 * pad, h + below + pad
    x = min(max(box[0] - line // 2, 0), max(width - plate_w, 0))
    y = box[1] - plate_h
    if y < 0:  # no room above the box
        y = box[1]
    y = min(max(y, 0), max(height - plate_h, 0))
    cv2.rectangle(picture, (x, y), (x + plate_w - 1, y + plate_h - 1), colour, cv2.FILLED)
    base = (x + pad, y + pad // 2 + h)
    cv2.putText(picture, text, base, _FONT, scale, _ink(colour), 1, cv2.LINE_AA)


def _fitting(text: str, room: int, scale: float) -> str:
    if cv2.getTextSize(text, _FONT, scale, 1)[0][0] <= room:
        return text
    while text and cv2.getTextSize(text + "...", _FONT, scale, 1)[0][0] > room:
        text = text[:-1]
    return text + "..." if text else ""


def _ink(plate: Colour) -> Colour:
    """Black or white, whichever has the greater contrast on the plate (WCAG 2: they meet at 0.18)."""
    blue, green, red = ((value / 255) ** 2.2 for value in plate)
    return _CASING if 0.0722 * blue + 0.7152 * green + 0.2126 * red > 0.18 else _WHITE


def _thickness(picture: Pixels) -> int:
    return max(1, round(_side(picture) / 200))


def _side(picture: Pixels) -> int:
    return int(min(picture.shape[:2]))
