"""Names of sources that are fit to be shown, logged and written to disk."""

from __future__ import annotations

import re
from typing import Final

_SCHEME: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://)(.*)$", re.DOTALL)
# user:password@host without a scheme; no slash before the @, so that a path is left alone.
_BARE_LOGIN: Final = re.compile(r"^[^/\\@:]+:[^/\\]*@(?=.)")


def without_credentials(spec: str) -> str:
    """Return the spec on one line, without user, password, query and fragment.

    Everything up to the last `@` goes, even where RFC 3986 would end the login earlier: passwords
    with a raw `/`, `?` or `@` in them are common in camera URLs, and a name that is cut too short does
    no harm. Queries go because tokens live there. A plain path comes back as it is.
    """
    match = _SCHEME.match(spec)
    if match:
        scheme, rest = match.groups()
        rest = rest.rpartition("@")[2]
        return one_line(scheme + re.split(r"[?#]", rest, maxsplit=1)[0])
    bare = _BARE_LOGIN.match(spec)
    return one_line(spec.rpartition("@")[2] if bare else spec)


def one_line(text: str) -> str:
    """Return the text with every character that does not print replaced by `?`."""
    return "".join(char if char.isprintable() else "?" for char in text)


def is_url(spec: str) -> bool:
    """Whether the spec is written like a URL, or like a login to a network camera."""
    return bool(_SCHEME.match(spec) or _BARE_LOGIN.match(spec))
