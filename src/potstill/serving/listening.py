"""The sockets that a server listens on, opened before their address is announced."""

import socket
import sys
from collections.abc import Sequence
from typing import Any

from potstill.domain.errors import PotstillError
from potstill.serving.access import host_name

BACKLOG = 2_048
MOST_PORTS = 65_535


def listen(host: str, port: int, option: str) -> list[socket.socket]:
    """A socket for each address of a host, all on one port; port 0 is any that is free.

    Raises:
        PotstillError: the address cannot be had; `option` is what names another.
    """
    opened: list[socket.socket] = []
    if not 0 <= port <= MOST_PORTS:
        raise PotstillError(f"there is no port {port}: write one up to {MOST_PORTS:,} with {option}")
    try:
        resolved = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(resolved):  # none twice
            opened.append(_open(family, address, opened))
    except OSError as error:
        for each in opened:
            each.close()
        raise PotstillError(f"{host}, port {port}: {error.strerror}; name another with {option}") from error
    return opened


def port_of(listeners: Sequence[socket.socket]) -> int:
    """The port that they listen on."""
    return listeners[0].getsockname()[1]


def url_of(host: str, port: int) -> str:
    """The address as a browser takes it."""
    return f"http://{host_name(host)}:{port}"


def parse_address(given: str, option: str) -> tuple[str, int]:
    """HOST:PORT as its parts. Raises PotstillError for anything else."""
    host, colon, port = given.rpartition(":")
    if not (colon and host and port.isdecimal() and int(port) <= MOST_PORTS) or (
        ":" in host and not host.startswith("[")
    ):
        raise PotstillError(f"{option} {given}: write HOST:PORT, such as 127.0.0.1:9100 or [::1]:9100")
    return host, int(port)


def _open(family: int, address: Any, opened: Sequence[socket.socket]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        port = port_of(opened) if opened else address[1]
        listener.bind((address[0], port, *address[2:]))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener
