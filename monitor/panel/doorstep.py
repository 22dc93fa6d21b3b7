"""Where the panel listens: which addresses are allowed, and the socket."""

from __future__ import annotations

import errno
import os
import socket

from monitor.errors import ConfigError
from monitor.panel.guard import is_loopback
from monitor.panel.login import PASSWORD_VARIABLE


def bind(host: str, port: int, *, guarded: bool) -> socket.socket:
    """A socket bound to the address, not yet listening.

    Parameters
    ----------
    host, port : see config.toml; port 0 takes a free one.
    guarded : a password is set. Without one only addresses of this machine are allowed.

    Raises
    ------
    ConfigError : an address that is not allowed, does not exist, or is in use.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a host name"
        raise ConfigError(
            f"panel.host = {host!r}: no such address ({why}); 127.0.0.1 is this machine"
        ) from None
    if not guarded and not all(is_loopback(str(row[4][0])) for row in found):
        raise ConfigError(
            f"panel.host = {host!r}: others could watch the camera; set a password "
            f"({PASSWORD_VARIABLE} in the environment, or panel.password), or stay on 127.0.0.1"
        )
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":
            # A restart must not wait for the last connection's TIME_WAIT; on Windows the same option would
            # share the port with another program.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # uvicorn listens again later; here it makes a port that is taken fail at once.
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigError(_why_not(host, port, error)) from None
    return listener


def url_of(host: str, listener: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    port = listener.getsockname()[1]
    if host in ("0.0.0.0", "::", ""):
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"panel.port = {port}: in use by another program (another camdrift?); "
            "choose another port, or 0 for a free one"
        )
    if error.errno == errno.EACCES:
        return f"panel.port = {port}: the system does not allow it; choose one from 1024 up"
    return f"panel.host = {host!r}, port {port}: cannot be listened on: {error.strerror or error}"
