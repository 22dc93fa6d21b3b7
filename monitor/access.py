"""What may be opened from afar: no file and no address but those that config.toml allows."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from models.zoo import ZOO
from monitor.attack_settings import PATCH_PREFIX
from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.patches.patch import made_names
from streams.naming import is_url, without_credentials
from streams.opening import AUTO, IMAGES_PREFIX, PHOTO_PREFIX, SCENE_PREFIX, VISITOR

_LONGEST: Final = 200  # characters of what was asked for that are shown
_WORDS: Final = ("patch", "surrogate")


class Access:
    """The settings that name a file, an address or code, and what they may name.

    It decides by the text alone and by the disk; nothing is sent to ask.

    Parameters
    ----------
    started : the settings that camdrift was started with; what they name stays allowed.
    """

    def __init__(self, started: Settings) -> None:
        stream, attack, words = started.stream, started.attack, started.access
        named = {stream.source, *stream.also, *words.allow_sources}
        self._sources = named | {without_credentials(source) for source in named}
        below = [source[:-1] for source in words.allow_sources if source.endswith("*")]
        self._below = tuple(filter(None, (_parts(source) for source in below)))
        self._folders = tuple(Path(folder).expanduser().resolve() for folder in words.allow_folders)
        self._named = {
            "patch": {"", attack.patch, *made_names()},
            "surrogate": {"", attack.surrogate, *ZOO},
        }

    def check(self, changes: Mapping[str, object]) -> None:
        """Raise ConfigError, one line, where a change names what may not be opened."""
        source = changes.get("source")
        if source is not None and not self._may_open(str(source).strip()):
            shown = without_credentials(str(source))[:_LONGEST]
            raise ConfigError(
                f"source: {shown} may not be opened from here; there are scenes, this machine's cameras, the "
                "visitor's, and what camdrift was started with or config.toml allows (allow_sources, "
                "allow_folders)"
            )
        for word in _WORDS:
            self._check_name(word, str(changes.get(word) or "").strip())
        attack = str(changes.get("attack") or "").strip()
        if attack.startswith(PATCH_PREFIX):  # an attack may be written with its file behind it
            self._check_name("patch", attack.removeprefix(PATCH_PREFIX).strip())

    def _check_name(self, word: str, value: str) -> None:
        # "torchvision:NAME", "hf:FOLDER" and "package.module:factory" name code or the network, no file.
        if value in self._named[word] or (":" not in value and self._inside(value)):
            return
        shown = without_credentials(value)[:_LONGEST]
        raise ConfigError(
            f"{word}: {shown} may not be opened from here; name it when camdrift is started, or allow its "
            "folder in config.toml (allow_folders)"
        )

    def _may_open(self, source: str) -> bool:
        if source in self._sources or source in (AUTO, VISITOR):
            return True
        if source.startswith(SCENE_PREFIX):
            return True
        if re.fullmatch(r"(/dev/video)?[0-9]{1,2}", source, re.ASCII):
            return True
        if is_url(source) or "://" in source:
            return self._is_below(source)
        for prefix in (PHOTO_PREFIX, IMAGES_PREFIX):
            if source.startswith(prefix):
                return self._inside(re.split(r"\?(?=[a-z]+=)", source.removeprefix(prefix))[0])
        # "concat:a|b" and its like are no paths to FFmpeg.
        return ":" not in source and self._inside(source)

    def _is_below(self, source: str) -> bool:
        """Whether a URL lies under one that ends in a star: scheme, login, host and port are the same."""
        asked = _parts(source)
        if asked is None:
            return False
        # A server may read %2e%2e, %2f and a backslash as what they stand for; no stream needs one.
        path = unquote(unquote(asked.path))
        if "\\" in path or posixpath.normpath(path or "/").rstrip("/") != path.rstrip("/"):
            return False
        return any(
            asked.scheme == held.scheme
            and asked.netloc.lower() == held.netloc.lower()
            and path.startswith(held.path)
            for held in self._below
        )

    def _inside(self, text: str) -> bool:
        """Whether a path, or the folder that a glob begins in, lies in an allowed folder, links followed."""
        if not text or "\0" in text or not self._folders:
            return False
        fixed = re.split(r"[*?\[]", text, maxsplit=1)[0]
        whole = fixed if fixed == text else fixed.rpartition("/")[0]
        if not whole:
            return False
        try:
            path = Path(whole).expanduser().resolve()
        except (OSError, RuntimeError, ValueError):
            return False
        return ".." not in Path(text).parts and any(
            path == folder or folder in path.parents for folder in self._folders
        )


def _parts(source: str) -> SplitResult | None:
    if any(sign.isspace() or not sign.isprintable() for sign in source):
        return None
    try:
        parts = urlsplit(source)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme and parts.hostname else None
