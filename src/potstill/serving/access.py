"""Who may ask for what: host names, keys, and the address on which the server tells its figures."""

import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.types import Scope

from potstill.domain.errors import PotstillError
from potstill.serving.errors import RequestError

PROBE_PATHS = ("/livez", "/readyz")
METRICS_PATH = "/metrics"
KEYLESS_PATHS = (*PROBE_PATHS, "/", "/model", "/api")
"""Paths that need no key and read no body, beside /static: a probe has no key, and the pages ask the user for it."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
MOST_PARAMETERS = 100
"""Of a query string that is searched for a key."""


@dataclass(frozen=True)
class AccessRules:
    """What a request must bring, and where the figures are. `hosts` are normal, or `*` for any."""

    hosts: frozenset[str] = frozenset(LOOPBACK)
    key: str | None = None
    metrics_key: str | None = None
    """What opens /metrics instead of the key."""
    metrics_port: int | None = None
    """A port on which there are /metrics and the probes alone; /metrics is nowhere else then."""

    def check(self, scope: Scope, path: str) -> bool:
        """Whether the path needs a key, which the request has then.

        Raises:
            RequestError: the host is not allowed, the key is missing or wrong, or the path is not on this port.
        """
        headers = Headers(scope=scope)
        # A probe asks by an address that nobody knows beforehand, and its answer is one word.
        if path not in PROBE_PATHS and "*" not in self.hosts and host_name(headers.get("host", "")) not in self.hosts:
            raise RequestError(400, "this server does not answer by that host name; --allow-host adds it")
        at_metrics = self.metrics_port is not None and (scope.get("server") or ("", 0))[1] == self.metrics_port
        if path == METRICS_PATH and (at_metrics or self.metrics_port is None):
            self._check_key(scope, headers, self.metrics_key or (None if at_metrics else self.key))
            return True
        if path == METRICS_PATH or (at_metrics and path not in PROBE_PATHS):
            raise RequestError(404, "this is at another address of the server")
        if path in KEYLESS_PATHS or path.startswith("/static/"):
            return False
        self._check_key(scope, headers, self.key)
        return True

    def _check_key(self, scope: Scope, headers: Headers, key: str | None) -> None:
        if key is None:
            return
        bearer = headers.get("authorization", "")
        query: bytes = scope["query_string"]
        given = [
            bearer[7:] if bearer[:7].lower() == "bearer " else "",
            headers.get("x-goog-api-key", ""),
            *(parse_qs(query.decode("latin-1")).get("key", []) if query.count(b"&") < MOST_PARAMETERS else []),
        ]
        # All are compared, in constant time each: how long it takes says nothing about the key.
        if not sum(hmac.compare_digest(text.encode("utf-8", "surrogateescape"), key.encode()) for text in given):
            raise RequestError(401, "a key is needed: as a bearer token, as x-goog-api-key or as ?key=")


def host_name(given: str) -> str:
    """A host without its port, in one spelling: lower case, IPv6 short and in brackets."""
    if given.startswith("["):
        name = given[1:].partition("]")[0]
    else:
        name = given if given.count(":") > 1 else given.partition(":")[0]
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name.lower().removesuffix(".")
    return f"[{address}]" if address.version == 6 else str(address)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it."""
    name = host_name(host).strip("[]")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def check_key(key: str | None, variable: str) -> None:
    """Raise PotstillError for a key that not every client could send: headers carry ASCII, and no space around it."""
    if key is None:
        return
    if not key.strip():
        raise PotstillError(
            f"{variable} is {'empty' if not key else 'nothing but spaces'}: set it to a key, or unset it"
        )
    if not (key.isascii() and key.isprintable()):
        raise PotstillError(
            f"{variable} holds a character that HTTP headers do not carry: a key is of ASCII letters, digits and signs"
        )
    if key != key.strip():
        raise PotstillError(f"{variable} begins or ends with a space, which HTTP headers lose: take it away")
