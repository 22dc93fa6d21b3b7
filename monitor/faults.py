"""name -> natural fault: the only registry of what a camera suffers by itself."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from monitor.corruptions.blur import DefocusBlur, GlassBlur, MotionBlur, ZoomBlur
from monitor.corruptions.codec import Blocking, DownSampling, Jpeg
from monitor.corruptions.exposure import (
    Brightness,
    ColourCast,
    Contrast,
    Flicker,
    LowLight,
    OverExposure,
)
from monitor.corruptions.fault import WORST, Build, Stage
from monitor.corruptions.geometry import Distortion, Vignetting
from monitor.corruptions.lens_dirt import Dirt, WaterDrops
from monitor.corruptions.lens_light import Glare, LensFlare
from monitor.corruptions.link import DroppedFrames, FrozenFrames, PacketLoss
from monitor.corruptions.noise import BandingNoise, GaussianNoise, ImpulseNoise, ShotNoise
from monitor.corruptions.readout import DeadColumns, DeadPixels, RollingShutter
from monitor.corruptions.weather import Fog, Rain, Snow
from monitor.errors import ConfigError
from monitor.faulty import Faulty, Worn, fault_seed
from monitor.patches.wearing import Wearing
from monitor.perturbers import Perturber

IMAGENET_C = "ImageNet-C (Hendrycks, Dietterich 2019)"

USUAL = 3.0
"""The severity of a fault that is named without one."""


@dataclass(frozen=True, slots=True)
class FaultEntry:
    """One row of the catalogue.

    Attributes
    ----------
    build : (size of the frames, seed) -> the fault.
    stage : where on its way a picture meets it.
    summary : what it is, in a line.
    constants : those of severities 1 to 5, with their unit.
    source : where the constants come from.
    """

    build: Build
    stage: Stage
    summary: str
    constants: str
    source: str = "own"


def _five(values: tuple[object, ...], unit: str) -> str:
    return ", ".join(str(value) for value in values) + f" {unit}"


FAULTS: dict[str, FaultEntry] = {
    "rain": FaultEntry(
        Rain,
        Stage.SCENE,
        "streaks of falling drops, and the grey of those far away",
        _five(Rain.drops, "drops in a square of the frame's height"),
    ),
    "snow": FaultEntry(
        Snow,
        Stage.SCENE,
        "falling flakes, and their pale light",
        _five(Snow.keeps, "of the frame left"),
        IMAGENET_C,
    ),
    "fog": FaultEntry(
        Fog,
        Stage.SCENE,
        "a bright veil that drifts",
        _five(Fog.strengths, "times white"),
        IMAGENET_C,
    ),
    "glare": FaultEntry(
        Glare,
        Stage.LENS,
        "a light near the edge of the picture that blooms over it",
        _five(Glare.strengths, "times white at the light"),
    ),
    "lens_flare": FaultEntry(
        LensFlare,
        Stage.LENS,
        "reflections of a light between the lenses",
        _five(LensFlare.strengths, "of the usual"),
    ),
    "dirt": FaultEntry(
        Dirt,
        Stage.LENS,
        "smudges and specks on the lens, out of focus",
        _five(Dirt.shares, "of the frame covered"),
    ),
    "water_drops": FaultEntry(
        WaterDrops,
        Stage.LENS,
        "drops on the lens, in each the picture upside down",
        _five(WaterDrops.counts, "drops"),
    ),
    "vignetting": FaultEntry(
        Vignetting,
        Stage.LENS,
        "corners that get less light (the fourth power of the cosine)",
        _five(Vignetting.tangents, "tangent of the corner's angle"),
    ),
    "distortion": FaultEntry(
        Distortion,
        Stage.LENS,
        "a barrel: straight lines bend (Brown, Conrady)",
        _five(Distortion.terms, "of r squared"),
    ),
    "motion_blur": FaultEntry(
        MotionBlur,
        Stage.LENS,
        "a camera that moved while the shutter was open",
        _five(MotionBlur.sigmas, "px, standard deviation at 480 rows"),
        IMAGENET_C,
    ),
    "defocus_blur": FaultEntry(
        DefocusBlur,
        Stage.LENS,
        "a lens out of focus",
        _five(DefocusBlur.radii, "px, radius at 480 rows"),
        IMAGENET_C,
    ),
    "zoom_blur": FaultEntry(
        ZoomBlur,
        Stage.LENS,
        "a camera that rushed forward while the shutter was open",
        _five(ZoomBlur.factors, "times, the largest zoom"),
        IMAGENET_C,
    ),
    "glass_blur": FaultEntry(
        GlassBlur,
        Stage.LENS,
        "frosted glass before the lens",
        _five(GlassBlur.sigmas, "px, standard deviation at 480 rows"),
        IMAGENET_C,
    ),
    "low_light": FaultEntry(
        LowLight,
        Stage.LIGHT,
        "little light, and the noise of few photons",
        _five(LowLight.stops, "stops less"),
    ),
    "over_exposure": FaultEntry(
        OverExposure,
        Stage.LIGHT,
        "too much light: what was bright is white",
        _five(OverExposure.stops, "stops more"),
    ),
    "brightness": FaultEntry(
        Brightness,
        Stage.LIGHT,
        "the value of every colour raised",
        _five(Brightness.rises, "of white"),
        IMAGENET_C,
    ),
    "contrast": FaultEntry(
        Contrast,
        Stage.LIGHT,
        "less contrast, as in haze or behind glass",
        _five(Contrast.shares, "of the contrast left"),
        IMAGENET_C,
    ),
    "flicker": FaultEntry(
        Flicker,
        Stage.LIGHT,
        "lamps on the mains: dark bands that wander",
        _five(Flicker.depths, "of the light gone"),
    ),
    "colour_cast": FaultEntry(
        ColourCast,
        Stage.LIGHT,
        "a white balance that is off",
        _five(ColourCast.shifts, "stops between red and green"),
    ),
    "gaussian_noise": FaultEntry(
        GaussianNoise,
        Stage.SENSOR,
        "normal noise of an amplifier",
        _five(GaussianNoise.deviations, "standard deviation, of white"),
        IMAGENET_C,
    ),
    "shot_noise": FaultEntry(
        ShotNoise,
        Stage.SENSOR,
        "Poisson noise of few photons",
        _five(ShotNoise.photons, "photons in white"),
        IMAGENET_C,
    ),
    "impulse_noise": FaultEntry(
        ImpulseNoise,
        Stage.SENSOR,
        "salt and pepper: values that read black or white",
        _five(ImpulseNoise.shares, "of the values"),
        IMAGENET_C,
    ),
    "banding_noise": FaultEntry(
        BandingNoise,
        Stage.SENSOR,
        "rows and columns read with an offset",
        _five(BandingNoise.deviations, "grey levels"),
    ),
    "dead_pixels": FaultEntry(
        DeadPixels,
        Stage.SENSOR,
        "pixels that read the same in every frame",
        _five(DeadPixels.shares, "of the pixels"),
    ),
    "dead_columns": FaultEntry(
        DeadColumns,
        Stage.SENSOR,
        "columns and a few rows that read wrong",
        _five(DeadColumns.shares, "of the columns"),
    ),
    "rolling_shutter": FaultEntry(
        RollingShutter,
        Stage.SENSOR,
        "rows that are read one after the other while the camera shakes",
        _five(RollingShutter.amplitudes, "px to a side at 480 rows"),
    ),
    "down_sampling": FaultEntry(
        DownSampling,
        Stage.CODEC,
        "few pixels, enlarged without smoothing",
        _five(DownSampling.factors, "of width and height"),
        IMAGENET_C,
    ),
    "jpeg": FaultEntry(
        Jpeg,
        Stage.CODEC,
        "JPEG of a low quality",
        _five(Jpeg.qualities, "of 100"),
        IMAGENET_C,
    ),
    "blocking": FaultEntry(
        Blocking,
        Stage.CODEC,
        "a video encoder starved of bits, without deblocking",
        _five(Blocking.parameters, "quantisation parameter (H.264)"),
    ),
    "packet_loss": FaultEntry(
        PacketLoss,
        Stage.LINK,
        "slices of frames that are lost, until the next key frame",
        _five(PacketLoss.shares, "of the slices"),
    ),
    "dropped_frames": FaultEntry(
        DroppedFrames,
        Stage.LINK,
        "frames that do not come: the last one is shown again",
        _five(DroppedFrames.shares, "of the frames"),
    ),
    "frozen_frames": FaultEntry(
        FrozenFrames,
        Stage.LINK,
        "a picture that stops for some frames, again and again",
        _five(FrozenFrames.lengths, "frames a freeze"),
    ),
}


def parse_faults(text: str) -> list[tuple[str, float]]:
    """Names and severities: [("fog", 2.0), ("jpeg", 3.0)] of "fog:2, jpeg"; nothing of an empty text.

    Raises
    ------
    ConfigError : no such fault (the message names the nearest), named twice, or a severity out of range.
    """
    found: list[tuple[str, float]] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, colon, number = (word.strip() for word in part.partition(":"))
        name = name.casefold().replace("-", "_").replace(" ", "_")
        if name not in FAULTS:
            nearest = difflib.get_close_matches(name, FAULTS, n=1, cutoff=0)[0]
            raise ConfigError(
                f"faults = {part!r}: no such fault; the nearest is {nearest} (`camdrift faults` lists them)"
            )
        if name in (known for known, _ in found):
            raise ConfigError(f"faults = {text!r}: {name} stands there twice; name it once")
        found.append((name, _severity(part, number) if colon else USUAL))
    return found


def _severity(part: str, number: str) -> float:
    try:
        severity = float(number)
    except ValueError:
        severity = -1.0
    if not 0 <= severity <= WORST:
        raise ConfigError(
            f"faults = {part!r}: a severity is a number from 0 to {WORST}; write for example fog:2"
        )
    return severity


def with_faults(text: str, ramp: int, inner: Perturber, seed: int, stream: int) -> Perturber:
    """The attack among the faults that the text names; the attack alone where it names none.

    Raises
    ------
    ConfigError : see `parse_faults`.
    """
    worn = [
        Worn(name, FAULTS[name].build, FAULTS[name].stage, severity, fault_seed(seed, stream, name))
        for name, severity in parse_faults(text)
        if severity > 0
    ]
    if not worn:
        return inner
    return Faulty(tuple(worn), inner, ramp, in_scene=isinstance(inner, Wearing))
