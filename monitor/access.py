"""What may be opened from afar: no file and no address but those that camdrift was started with."""

from __future__ import annotations

from collections.abc import Mapping

from models.zoo import ZOO
from monitor.attack_settings import PATCH_PREFIX
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.patches.patch import made_names
from streams.naming import without_credentials
from streams.opening import AUTO, SCENE_PREFIX, VISITOR


class Access:
    """The settings that name a file, an address or code, and what they may name.

    Parameters
    ----------
    started : the settings that camdrift was started with; what they name stays allowed.
    """

    def __init__(self, started: Settings) -> None:
        stream, attack = started.stream, started.attack
        named = {stream.source, *stream.also}
        self._sources = named | {without_credentials(source) for source in named}
        self._named = {
            "patch": {"", attack.patch, *made_names()},
            "surrogate": {"", attack.surrogate, *ZOO},
        }

    def check(self, changes: Mapping[str, object]) -> None:
        """Raise ConfigError, one line, where a change names what may not be opened."""
        source = changes.get("source")
        if source is not None and not self._may_open(str(source).strip()):
            shown = without_credentials(str(source))[:200]
            raise ConfigError(
                f"source: {shown} may not be opened from here; there are scenes, this machine's cameras, the "
                "visitor's, and what camdrift was started with"
            )
        for word in ("patch", "surrogate"):
            self._check_name(word, str(changes.get(word) or "").strip())
        attack = str(changes.get("attack") or "").strip()
        if attack.startswith(PATCH_PREFIX):  # an attack may be written with its file behind it
            self._check_name("patch", attack.removeprefix(PATCH_PREFIX).strip())

    def _check_name(self, word: str, value: str) -> None:
        if value not in self._named[word]:
            raise ConfigError(
                f"{word}: {value[:200]} may not be opened from here; name it when camdrift is started"
            )

    def _may_open(self, source: str) -> bool:
        if source in self._sources or source in (AUTO, VISITOR):
            return True
        camera = source.removeprefix("/dev/video")
        return source.startswith(SCENE_PREFIX) or (
            camera.isascii() and camera.isdigit() and len(camera) <= 2
        )
