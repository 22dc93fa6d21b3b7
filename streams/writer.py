"""Pictures into a video file: lossless as FFV1, or as H.264 by the program ffmpeg."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from math import isfinite
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Literal, Protocol, Self

import cv2
import numpy as np

from streams.errors import WriteFailed
from streams.frame import Pixels
from streams.producers.capture import open_capture, silence

Codec = Literal["ffv1", "h264"]
"""What a video is written as."""

MARK: Final = "camdrift: test material"
"""The title of an H.264 file; OpenCV can give an FFV1 file none, its run folder says it."""

CRF: Final = 23
"""Of libx264: its own default, "somewhat visible loss"."""

RESERVE: Final = 64 * 2**20
"""Bytes that a video leaves free on its disk, so that what is written beside it still fits."""

STALL: Final = 20.0
"""Seconds that ffmpeg may take for one picture before it counts as hung; 1080p takes it some 30 ms."""

FINISH: Final = 60.0
"""Seconds that ffmpeg may take for the pictures that it still holds when the last one was given."""

_PROGRAM: Final = "ffmpeg"
_ADVICE: Final = "install ffmpeg with libx264, or take codec ffv1"


class _Encoder(Protocol):
    def write(self, pixels: Pixels) -> None: ...

    def finish(self) -> None: ...

    def abandon(self) -> None: ...


class VideoFileWriter:
    """One Matroska file, picture by picture; a context manager.

    "ffv1" gives every picture back bit for bit. OpenCV crops odd sizes to even ones without a word, and
    H.264 with halved colour has none, so that a last column or row is repeated where the size is odd:
    `padded_size` is what the file holds. Not for two threads at once.

    Parameters
    ----------
    path : of the file; one that is there is replaced.
    size : (width, height) of the pictures.
    fps : pictures a second that players show.
    codec : "ffv1", or "h264" (libx264, yuv420p, crf 23), which takes the program ffmpeg.

    Raises
    ------
    WriteFailed : the file cannot be begun: no permission, disk full, no ffmpeg.
    ValueError : a size below 1 or a rate that is none.
    """

    def __init__(
        self, path: str | Path, size: tuple[int, int], fps: float, codec: Codec = "ffv1"
    ) -> None:
        if min(size) < 1 or not isfinite(fps) or fps <= 0:
            raise ValueError(
                f"a video takes a size of at least 1 x 1 and a rate above 0: {size}, {fps}"
            )
        # An absolute path, or FFmpeg would take "a:b.mkv" for a protocol called "a".
        self.path = Path(path).absolute()
        self.size = size
        self.padded_size = size[0] + size[0] % 2, size[1] + size[1] % 2
        self.fps = fps
        self.frames = 0
        """Pictures written."""
        self._closed = False
        self._check_room()
        try:
            self.path.open("wb").close()  # the system's own word on why not; the encoders have none
        except OSError as error:
            raise _refused(self.path, error) from error
        encoder = _Ffmpeg if codec == "h264" else _Lossless
        self._encoder: _Encoder = encoder(self.path, self.padded_size, fps)

    def write(self, pixels: Pixels) -> None:
        """Add a picture, uint8 BGR (height, width, 3).

        Raises
        ------
        WriteFailed : another size than the file's; or the disk is full or the encoder has ended, and the
            file is closed with what it holds.
        ValueError : the file is closed.
        """
        if self._closed:
            raise ValueError(f"{self.path.name}: a closed video takes no more pictures")
        height, width = pixels.shape[:2]
        if (width, height) != self.size or pixels.dtype != np.uint8:
            raise WriteFailed(
                f"{self.path.name}: a picture of {width} x {height} ({pixels.dtype}) does not go into a "
                f"video of {self.size[0]} x {self.size[1]}; begin another file"
            )
        try:
            self._check_room()
            self._encoder.write(even(pixels))
        except BaseException:
            self.abandon()
            raise
        self.frames += 1

    def close(self) -> None:
        """Finish the file and bring it to the disk; may be called twice.

        Raises
        ------
        WriteFailed : the encoder failed at the end, or not all of the file is there.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._encoder.finish()
            if isinstance(self._encoder, _Lossless):
                self._encoder.check(self.frames)
            _synced(self.path)
        except BaseException:
            self._encoder.abandon()
            raise

    def abandon(self) -> None:
        """Let go of the encoder at once, whatever it still holds; harmless after `close`."""
        self._closed = True
        self._encoder.abandon()

    def __enter__(self) -> Self:
        """The writer itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file; after an exception as far as that goes, for the exception is what counts."""
        if error is None:
            self.close()
        else:
            with suppress(WriteFailed):
                self.close()

    def _check_room(self) -> None:
        """Stop before the disk is full: an encoder notices late (a cluster is 5 MB), OpenCV 4 never says."""
        try:
            free = shutil.disk_usage(self.path.parent).free
        except OSError as error:
            raise _refused(self.path, error) from error
        if free < RESERVE + 3 * self.padded_size[0] * self.padded_size[1]:
            raise WriteFailed(
                f"{self.path.name}: the disk is full: {free / 2**20:.0f} MB are left; free some space or "
                "choose another folder (setting `runs`)"
            )


def even(pixels: Pixels) -> Pixels:
    """The picture with even width and height: the last column and row are repeated where they are odd."""
    height, width = pixels.shape[:2]
    if height % 2 == width % 2 == 0:
        return pixels
    around = (0, height % 2, 0, width % 2)
    return np.asarray(cv2.copyMakeBorder(pixels, *around, cv2.BORDER_REPLICATE), np.uint8)


def h264_trouble() -> str:
    """Why H.264 cannot be written here and what to do, one line; "" where it can. Takes some 60 ms."""
    program = shutil.which(_PROGRAM)
    if program is None:
        return f"codec h264 takes the program ffmpeg, which is not installed here; {_ADVICE}"
    try:
        answer = subprocess.run(
            [program, "-v", "error", "-h", "encoder=libx264"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=STALL,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return f"{program} does not answer; {_ADVICE}"
    # Asked for an encoder that it does not have, it exits with 0 all the same.
    if b"libx264" not in answer.stdout:
        return f"{program} has no encoder libx264; {_ADVICE}"
    return ""


class _Lossless:
    """FFV1 by OpenCV: 7.6 ms a picture of 640 x 360."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        silence()
        self._path = path
        code = cv2.VideoWriter.fourcc(*"FFV1")
        self._writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, fps, size)
        if not self._writer.isOpened():
            raise WriteFailed(
                f"{path.name}: OpenCV cannot write FFV1 here; reinstall opencv-python, or take codec h264"
            )

    def write(self, pixels: Pixels) -> None:
        # OpenCV 5 answers whether the picture was taken, OpenCV 4 gives None: `check` counts.
        if self._writer.write(pixels) is False:
            raise self._failure()

    def finish(self) -> None:
        self._writer.release()

    def abandon(self) -> None:
        self._writer.release()

    def check(self, frames: int) -> None:
        """The length stands in the file only once its end was written: a file that lacks it was cut."""
        if not frames:
            return
        capture = open_capture(str(self._path), (cv2.CAP_FFMPEG,))
        try:
            held = capture.get(cv2.CAP_PROP_FRAME_COUNT) if capture.isOpened() else 0.0
        finally:
            capture.release()
        if abs(held - frames) > 1:
            raise self._failure()

    def _failure(self) -> WriteFailed:
        return WriteFailed(
            f"{self._path.name}: the disk did not take all of it; free some space or choose another folder "
            "(setting `runs`)"
        )


class _Ffmpeg:
    """H.264 by the program ffmpeg, which reads raw pictures: 6 ms a picture of 640 x 360 on two cores."""

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        self._path = path
        self._hung = False
        self._said: deque[str] = deque(maxlen=4)
        program = shutil.which(_PROGRAM)
        if program is None:
            raise WriteFailed(f"{path.name}: {h264_trouble()}")
        try:
            self._process = subprocess.Popen(
                _command(program, path, size, fps),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                # Ctrl-C goes to every program of the terminal's group, and would end the video's before
                # the last pictures reached it.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )
        except OSError as error:
            raise _refused(path, error) from error
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._pipe = self._process.stdin
        # Unread, its complaints would fill the pipe at 64 kB, and it would wait for ever.
        self._listener = threading.Thread(
            target=self._listen, args=(self._process.stderr,), name="ffmpeg's errors", daemon=True
        )
        self._listener.start()

    def write(self, pixels: Pixels) -> None:
        try:
            with self._watched(STALL):
                self._pipe.write(np.ascontiguousarray(pixels).data)
        except OSError as error:
            raise self._failure() from error

    def finish(self) -> None:
        try:
            with self._watched(STALL):
                self._pipe.close()
            code = self._process.wait(FINISH)
        except (OSError, subprocess.TimeoutExpired) as error:
            self._hung |= isinstance(error, subprocess.TimeoutExpired)
            raise self._failure() from error
        self._listener.join(STALL)
        if code:
            raise self._failure()

    def abandon(self) -> None:
        self._process.kill()
        with suppress(
            subprocess.TimeoutExpired
        ):  # one that the kernel holds in a call to a dead disk
            self._process.wait(STALL)
        with suppress(OSError):
            self._pipe.close()
        self._listener.join(STALL)

    def _watched(self, seconds: float) -> _Watchdog:
        return _Watchdog(seconds, self._give_up)

    def _give_up(self) -> None:
        self._hung = True
        self._process.kill()  # whoever waits for the pipe hears that it is broken

    def _listen(self, errors: IO[bytes]) -> None:
        with errors:
            for line in errors:
                self._said.append(line.decode(errors="replace").strip())

    def _failure(self) -> WriteFailed:
        self.abandon()
        if self._hung:
            reason = f"it took no picture for {STALL:g} s"
        else:
            # The last line names the file and the reason, "No space left on device" for one.
            last = self._said[-1] if self._said else f"exit code {self._process.returncode}"
            reason = last.replace(f"file:{self._path}: ", "").replace(
                str(self._path), self._path.name
            )
        return WriteFailed(
            f"{self._path.name}: ffmpeg ended before the video did: {reason}; check the disk, or take "
            "codec ffv1"
        )


class _Watchdog:
    """Calls a function unless the block ends in time."""

    def __init__(self, seconds: float, bark: Callable[[], None]) -> None:
        self._timer = threading.Timer(seconds, bark)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _command(program: str, path: Path, size: tuple[int, int], fps: float) -> list[str]:
    raw = (
        f"-f rawvideo -pix_fmt bgr24 -video_size {size[0]}x{size[1]} -framerate {fps:.6g} -i pipe:0"
    )
    # Without bitexact the same pictures give another file each time: Matroska draws an id at random.
    coded = f"-an -c:v libx264 -crf {CRF} -pix_fmt yuv420p -fflags +bitexact -f matroska -y"
    quiet = "-hide_banner -loglevel error -nostats -xerror"
    marked = ("-metadata", f"title={MARK}")
    return [program, *quiet.split(), *raw.split(), *coded.split(), *marked, f"file:{path}"]


def _synced(path: Path) -> None:
    """Bring the file to the disk; a disk that is full may say so only now."""
    try:
        handle = os.open(path, os.O_RDWR)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> WriteFailed:
    return WriteFailed(
        f"{path.name}: cannot be written: {error.strerror or error}; choose another folder (setting `runs`)"
    )
