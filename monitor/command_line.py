"""Settings as the command that has them: `camdrift live --source scene:road --eps 8/255`."""

from __future__ import annotations

from typing import Any, Final

from monitor.config import Settings, words
from monitor.distances import Norm

NOT_ON_THE_COMMAND_LINE: Final = frozenset({"password", "webhook"})
"""What any user of the machine could read in the list of processes."""

NOT_OF_LIVE: Final = frozenset({"part_frames"})
"""What means nothing to a live session."""


def live_command(settings: Settings) -> tuple[str, ...]:
    """The command that begins such a session: the source, and every setting that is not the default."""
    usual = Settings()
    told = ["camdrift", "live", "--source", settings.stream.source]
    for other in settings.stream.also:
        told += ["--source", other]
    for _, word in words():
        value = settings.word(word)
        if word in {
            "source",
            "also",
            *NOT_ON_THE_COMMAND_LINE,
            *NOT_OF_LIVE,
        } or value == usual.word(word):
            continue
        flag = "--" + word.replace("_", "-")
        if isinstance(value, bool):
            told.append(flag if value else f"--no-{flag[2:]}")
        else:
            told += [flag, _text(word, value, settings)]
    return tuple(told)


def _text(word: str, value: Any, settings: Settings) -> str:
    if word == "eps" and settings.attack.norm is Norm.LINF:
        return f"{value * 255:.10g}/255"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return repr(value) if isinstance(value, float) else str(value)
