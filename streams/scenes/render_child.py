"""A process that renders the frames of one scene, those that it is asked for.

Arguments: the scene's name, its seed, its options as JSON. Output: `HEAD`, what is pickled, pixels; first the
facts of the scene, or a text where it cannot be made; then truth and pixels of each frame. Input:
`QUESTION`s.
"""

from __future__ import annotations

import json
import pickle
import sys
from contextlib import suppress
from typing import Any, BinaryIO

import cv2

from streams.scenes import SCENES
from streams.scenes.apart import HEAD, QUESTION


def main() -> None:
    """Until the input ends."""
    cv2.setNumThreads(1)  # the other cores are the detector's
    come, go = sys.stdin.buffer, sys.stdout.buffer
    name, seed, options = sys.argv[1:]
    with suppress(BrokenPipeError):
        try:
            scene = SCENES[name](int(seed), **json.loads(options))
        except ValueError as error:
            _tell(go, str(error), b"")
            return
        facts = {word: getattr(scene, word) for word in ("width", "height", "fps", "frame_count")}
        _tell(go, facts, b"")
        while len(question := come.read(QUESTION.size)) == QUESTION.size:
            pixels, truth = scene.render(*QUESTION.unpack(question))
            _tell(go, truth, pixels.tobytes())


def _tell(go: BinaryIO, told: Any, pixels: bytes) -> None:
    words = pickle.dumps(told, protocol=pickle.HIGHEST_PROTOCOL)
    go.write(HEAD.pack(len(words), len(pixels)) + words)
    go.write(pixels)
    go.flush()


if __name__ == "__main__":
    main()
