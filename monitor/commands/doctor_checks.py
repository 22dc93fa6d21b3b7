"""What `camdrift doctor` looks at besides cameras: OpenCV, encoders, torch, numba, disk, memory.

Whatever touches the system is a parameter of its check; the defaults really look.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from models.errors import reason
from monitor.arrays import Pixels
from monitor.commands.doctor_findings import Finding, State
from streams.producers.capture import decode, open_capture

DISK_LOW, DISK_FULL = 5e9, 0.5e9
"""Bytes free where runs go: a warning below the first, wrong below the second."""

MEMORY_LOW: Final = 2e9
"""Bytes available, below which there is a warning."""


@dataclass(frozen=True, slots=True)
class OpenCV:
    """What this OpenCV was built with: its back ends, and FFmpeg's version, None where there is no FFmpeg."""

    version: str
    cameras: tuple[str, ...]
    files: tuple[str, ...]
    ffmpeg: str | None


def opencv_here() -> OpenCV:
    """The OpenCV that is installed."""
    registry = cv2.videoio_registry

    def names(backends: Sequence[int]) -> tuple[str, ...]:
        # The registry also names those that could be loaded as plugins and are not there.
        return tuple(registry.getBackendName(b) for b in backends if registry.hasBackend(b))

    ffmpeg = None
    if registry.hasBackend(cv2.CAP_FFMPEG):
        stated = re.search(r"avcodec:\s+YES \((.+?)\)", cv2.getBuildInformation())
        ffmpeg = f"libavcodec {stated[1]}" if stated else "version not told"
    streams = names(registry.getStreamBackends())
    return OpenCV(cv2.__version__, names(registry.getCameraBackends()), streams, ffmpeg)


def opencv(look: Callable[[], OpenCV] = opencv_here) -> list[Finding]:
    """OpenCV and its FFmpeg, without which neither files nor RTSP nor HTTP can be opened."""
    here = look()
    reinstall = "`pip install --force-reinstall opencv-python`: its wheels bring it along"
    found = f"{here.version}; cameras: {', '.join(here.cameras) or 'none'}; files: "
    found += ", ".join(here.files) or "none"
    whole = bool(here.cameras)
    opened = Finding("OpenCV", State.OK if whole else State.WARN, found, "" if whole else reinstall)
    if here.ffmpeg is None:
        missing = "missing: no video file, RTSP or HTTP stream can be opened"
        return [opened, Finding("OpenCV's FFmpeg", State.WRONG, missing, reinstall)]
    return [opened, Finding("OpenCV's FFmpeg", State.OK, here.ffmpeg)]


def ffv1_round_trip(pictures: Sequence[Pixels]) -> list[Pixels]:
    """Pictures of one size as FFV1 into a file of their own and back; [] where OpenCV cannot write it."""
    height, width = pictures[0].shape[:2]
    with tempfile.TemporaryDirectory(prefix="camdrift-", ignore_cleanup_errors=True) as folder:
        file = str(Path(folder) / "trial.mkv")
        code = cv2.VideoWriter.fourcc(*"FFV1")
        writer = cv2.VideoWriter(file, cv2.CAP_FFMPEG, code, 10.0, (width, height))
        if not writer.isOpened():
            return []
        for picture in pictures:
            writer.write(picture)
        writer.release()
        capture = open_capture(file, (cv2.CAP_FFMPEG,))
        try:
            # One more than were written may come: it is told then, and the reading has an end.
            read = (decode(capture) for _ in range(len(pictures) + 1))
            return [picture for picture in read if picture is not None]
        finally:
            capture.release()


def ffv1(round_trip: Callable[[Sequence[Pixels]], list[Pixels]] = ffv1_round_trip) -> list[Finding]:
    """Whether recordings in FFV1 come back bit for bit."""
    # Noise: a conversion of colours that loses something cannot hide in it.
    pictures = list(np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), dtype=np.uint8))
    back = round_trip(pictures)
    remedy = "`pip install --upgrade opencv-python`; until then recordings are not lossless"
    if not back:
        found = "OpenCV cannot write it and read it back"
    elif len(back) != len(pictures):
        found = f"{len(pictures)} frames written, {len(back)} read back"
    elif not all(map(np.array_equal, pictures, back)):
        found = "lossy: frames do not come back as they were written"
    else:
        return [Finding("FFV1", State.OK, "two frames came back bit for bit")]
    return [Finding("FFV1", State.WRONG, found, remedy)]


def ffmpeg_encoders(program: str) -> str:
    """What the program lists.

    Raises
    ------
    OSError, subprocess.SubprocessError : it does not start, fails or hangs.
    """
    words = [program, "-hide_banner", "-encoders"]
    return subprocess.run(words, capture_output=True, text=True, timeout=5, check=True).stdout


def h264(
    which: Callable[[str], str | None] = shutil.which,
    encoders: Callable[[str], str] = ffmpeg_encoders,
) -> list[Finding]:
    """Whether the program ffmpeg can write H.264; only `codec = "h264"` wants it."""
    remedy = 'needed for codec = "h264" only: install ffmpeg with libx264 (`apt install ffmpeg`)'
    program = which("ffmpeg")
    if program is None:
        return [Finding("H.264", State.WARN, "no program ffmpeg on the PATH", remedy)]
    try:
        able = re.search(r"\blibx264\b", encoders(program))
    except (OSError, subprocess.SubprocessError) as error:
        return [Finding("H.264", State.WARN, f"{program} does not run: {reason(error)}", remedy)]
    if not able:
        return [Finding("H.264", State.WARN, f"{program} has no libx264", remedy)]
    return [Finding("H.264", State.OK, f"{program}, with libx264")]


@dataclass(frozen=True, slots=True)
class Torch:
    """The torch that is installed; `gpu` is the name of a CUDA device, or empty."""

    version: str
    gpu: str
    threads: int
    cores: int


def torch_here() -> Torch:
    """The torch that is installed, on this machine."""
    import torch

    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else ""
    # What this process may use: fewer than the machine has, in a container or under taskset.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return Torch(torch.__version__, gpu, torch.get_num_threads(), cores or 1)


def torch_threads(look: Callable[[], Torch] = torch_here) -> list[Finding]:
    """Torch, what it runs on, and whether its threads fit the machine."""
    here = look()
    device = f"CPU; {here.gpu} is there for training only" if here.gpu else "CPU"
    found = f"{here.version}; {device}; threads {here.threads}, cores {here.cores}"
    if here.threads > here.cores:
        remedy = f"more threads than cores slow each other down: set OMP_NUM_THREADS={here.cores}"
        return [Finding("torch", State.WARN, found, remedy)]
    return [Finding("torch", State.OK, found)]


@dataclass(frozen=True, slots=True)
class Numba:
    """The numba that is installed: what its threads run on, and where it keeps what it compiled."""

    version: str
    layer: str
    cache: Path


def numba_here() -> Numba:
    """The numba that is installed.

    Raises
    ------
    RuntimeError : it finds no folder for its cache.
    ValueError : it finds no threading layer.
    """
    import numba

    from monitor.kernels.gather import note

    numba.get_num_threads()  # starts the threads: which layer they are is not known before
    layer = numba.threading_layer()  # type: ignore[attr-defined]
    cache = note.stats.cache_path
    if cache is None:
        raise RuntimeError("no folder for what it compiles")
    return Numba(numba.__version__, layer, Path(cache))


def can_write(folder: Path) -> bool:
    """Whether a file can be made in a folder; really tries, for permissions alone do not tell."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def numba_cache(
    look: Callable[[], Numba] = numba_here, writable: Callable[[Path], bool] = can_write
) -> list[Finding]:
    """Numba, and whether what it compiles is kept."""
    here = look()
    found = f"{here.version}; threads: {here.layer}; cache: {here.cache}"
    if writable(here.cache):
        return [Finding("numba", State.OK, found)]
    remedy = "every start compiles anew: set NUMBA_CACHE_DIR to a folder that can be written"
    return [Finding("numba", State.WARN, f"{found}, which cannot be written", remedy)]


def disk(
    folder: Path,
    free: Callable[[Path], int] = lambda place: shutil.disk_usage(place).free,
    writable: Callable[[Path], bool] = can_write,
) -> list[Finding]:
    """Room for runs in a folder that need not be there yet."""
    whole = folder.absolute()
    place = next(above for above in (whole, *whole.parents) if above.exists())
    other = "choose another folder: `runs` in config.toml"
    if not place.is_dir():
        return [Finding("disk", State.WRONG, f"{place} is a file, not a folder", other)]
    room = free(place)
    found = f"{room / 1e9:.1f} GB free in {whole}"
    if not writable(place):
        found, remedy = f"{place} cannot be written", f"mend its permissions, or {other}"
        return [Finding("disk", State.WRONG, found, remedy)]
    if room < DISK_LOW:
        state = State.WRONG if room < DISK_FULL else State.WARN
        return [Finding("disk", state, found, f"make room, or {other}")]
    return [Finding("disk", State.OK, found)]


def available_memory(meminfo: Path = Path("/proc/meminfo")) -> int | None:
    """Bytes that can be had without swapping; None where the system does not tell."""
    try:
        stated = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text("ascii"), re.MULTILINE)
    except OSError:
        stated = None
    if stated:
        return int(stated[1]) * 1024
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows; macOS
        return None


def memory(available: Callable[[], int | None] = available_memory) -> list[Finding]:
    """Memory for models and pictures."""
    room = available()
    if room is None:
        return [Finding("memory", State.OK, "not told by this system")]
    found = f"{room / 1e9:.1f} GB available"
    if room < MEMORY_LOW:
        remedy = "close other programs; a smaller `width` and lighter models need less"
        return [Finding("memory", State.WARN, found, remedy)]
    return [Finding("memory", State.OK, found)]
