"""A clock that does not tick by itself, a producer that follows a script, and clips with a known content."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from streams.frame import Frame, SourceProperties
from streams.producers.producer import Picture

CLIP_FRAMES = 24
CLIP_FPS = 12.0


class FakeClock:
    """Time stands still until `advance`; with `jumping`, every wait with a limit takes no time at all."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.jumping = False
        self.waits: list[float] = []
        self._waiting: set[threading.Condition] = set()

    def monotonic(self) -> float:
        return self.now

    def wait(self, condition: threading.Condition, timeout: float | None) -> None:
        if timeout is not None:
            self.waits.append(timeout)
        if self.jumping and timeout is not None:
            self.now = max(self.now + timeout, math.nextafter(self.now, math.inf))
            condition.wait(0)
            return
        self._waiting.add(condition)
        condition.wait(5.0)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        for condition in list(self._waiting):
            with condition:
                condition.notify_all()


class ScriptedProducer:
    """Delivers `frames` pictures whose pixels are their number, and fails or hangs where it is told to."""

    def __init__(
        self,
        frames: int | None = 3,
        *,
        fps: float | None = 25.0,
        live: bool = False,
        times: Callable[[int], float | None] | None = None,
        open_error: BaseException | None = None,
        error_at: dict[int, BaseException] | None = None,
        close_error: Exception | None = None,
        hang_on_open: bool = False,
        hang_at: int | None = None,
        hand_fed: bool = False,
        width: int = 8,
    ) -> None:
        self.frames, self.fps, self.live, self.width = frames, fps, live, width
        self.times = times or (lambda index: None if fps is None else index / fps)
        self.open_error, self.error_at, self.close_error = open_error, error_at or {}, close_error
        self.hang_on_open, self.hang_at = hang_on_open, hang_at
        self.unhang = threading.Event()
        self.food = threading.Semaphore(0) if hand_fed else None
        self.hanging = threading.Event()
        self.closed = threading.Event()
        self.reads = 0
        self.threads: set[int] = set()

    def open(self) -> SourceProperties:
        self.threads.add(threading.get_ident())
        if self.hang_on_open:
            self._hang()
        if self.open_error is not None:
            raise self.open_error
        return SourceProperties("scripted", self.width, 6, self.fps, self.frames, self.live)

    def read(self) -> Picture | None:
        self.threads.add(threading.get_ident())
        if self.food is not None:
            self.food.acquire(timeout=5.0)
        index, self.reads = self.reads, self.reads + 1
        if index == self.hang_at:
            self._hang()
        if index in self.error_at:
            raise self.error_at[index]
        if self.frames is not None and index >= self.frames:
            return None
        pixels = np.full((6, self.width, 3), index % 256, dtype=np.uint8)
        return Picture(pixels, self.times(index))

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed.set()
        if self.close_error is not None:
            raise self.close_error

    def _hang(self) -> None:
        self.hanging.set()
        self.unhang.wait(20.0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def scripted() -> Iterator[Callable[..., ScriptedProducer]]:
    """Makes producers, and lets go of those that hang when the test is over."""
    made: list[ScriptedProducer] = []

    def make(*args: object, **kwargs: object) -> ScriptedProducer:
        made.append(ScriptedProducer(*args, **kwargs))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for producer in made:
        producer.unhang.set()
        if producer.food is not None:
            producer.food.release(1000)


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something that another thread does has happened."""

    def wait(happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5.0
        while not happened():
            assert time.monotonic() < deadline, "did not happen within 5 s"
            time.sleep(0.001)

    return wait


@pytest.fixture
def in_thread() -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Starts a call in a thread and returns how to get its result, an exception being one."""

    def start(call: Callable[[], object]) -> Callable[[], object]:
        results: list[object] = []

        def run() -> None:
            try:
                results.append(call())
            except Exception as error:  # noqa: BLE001
                results.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def result() -> object:
            thread.join(5.0)
            assert results, "the call did not return within 5 s"
            return results[0]

        return result

    return start


@pytest.fixture
def drain() -> Callable[..., list[Frame]]:
    """Reads a source to its end."""

    def read_all(source: object) -> list[Frame]:
        frames = []
        while (frame := source.read(5.0)) is not None:  # type: ignore[attr-defined]
            frames.append(frame)
        return frames

    return read_all


def _pictures() -> list[np.ndarray]:
    """Pictures that get brighter by 8 a frame, with noise so that every one costs its share of the bytes."""
    random = np.random.default_rng(0)
    return [
        random.integers(8 * i, 8 * i + 64, (48, 64, 3), dtype=np.uint8) for i in range(CLIP_FRAMES)
    ]


def _index_first(data: bytes) -> bytes:
    """Move an MP4's index (moov) before its pictures, as a web server's copy has it."""
    boxes, position = [], 0
    while position < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        boxes.append(data[position : position + size])
        position += size
    moov = bytearray(next(box for box in boxes if box[4:8] == b"moov"))
    assert data.index(b"moov") > data.index(b"mdat")
    table = moov.index(b"stco") + 8
    for i in range(int.from_bytes(moov[table : table + 4], "big")):
        entry = slice(table + 4 + 4 * i, table + 8 + 4 * i)
        moov[entry] = (int.from_bytes(moov[entry], "big") + len(moov)).to_bytes(4, "big")
    others = [box for box in boxes if box[4:8] != b"moov"]
    return others[0] + bytes(moov) + b"".join(others[1:])


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same 24 pictures of 64x48 at 12 fps by real encoders, by kind; a GIF has another rate."""
    folder = tmp_path_factory.mktemp("clips")
    made = {}
    for kind, code in (("avi", "MJPG"), ("mkv", "MJPG"), ("mp4", "mp4v")):
        made[kind] = folder / f"clip.{kind}"
        writer = cv2.VideoWriter(
            str(made[kind]), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*code), CLIP_FPS, (64, 48)
        )
        assert writer.isOpened()
        for picture in _pictures():
            writer.write(picture)
        writer.release()
    made["index first"] = folder / "first.mp4"
    made["index first"].write_bytes(_index_first(made["mp4"].read_bytes()))
    made["gif"] = folder / "clip.gif"
    first, *others = (Image.fromarray(picture[..., ::-1]) for picture in _pictures())
    # A variable rate: every third picture stays three times as long.
    first.save(
        made["gif"],
        save_all=True,
        append_images=others,
        duration=[240 if i % 3 == 0 else 80 for i in range(CLIP_FRAMES)],
    )
    return made
