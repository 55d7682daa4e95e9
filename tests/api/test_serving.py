"""What a server refuses before it says where it is; what it answers is tested in its own room."""

import socket
from pathlib import Path

import pytest
from bundles import TinyBundle

from potstill import Access, Opening, PotstillError, serve


def refused(*bundles: Path, access: Access, categories: tuple[str, ...] = (), expect: str | None = None) -> str:
    """Why it does not start; nobody is told of an address."""
    said: list[str] = []
    with pytest.raises(PotstillError) as caught:
        serve(bundles, access, categories=categories, opening=Opening(expect_sha256=expect), say=said.append)
    assert said == []
    return str(caught.value)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_a_server_that_must_not_start_says_why(tiny_bundle: TinyBundle) -> None:
    folder, here = tiny_bundle.folder, Access(port=free_port())
    assert "is the hash of one bundle" in refused(folder, folder, access=here, expect="0" * 64)
    assert "can be reached from other machines" in refused(folder, access=Access("0.0.0.0"))
    assert "--map rude=x: write LABEL=CATEGORY" in refused(folder, access=here, categories=("rude=x",))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert "--port" in refused(folder, access=Access(port=taken.getsockname()[1]))


def test_a_bundle_that_does_not_open_ends_the_server(tiny_bundle: TinyBundle) -> None:
    said: list[str] = []
    with pytest.raises(PotstillError, match="expected"):
        serve([tiny_bundle.folder], Access(port=free_port()), opening=Opening(expect_sha256="0" * 64), say=said.append)
    assert len(said) == 2, "the address, and that languages are not checked"
    assert said[0].startswith(f"potstill: {tiny_bundle.folder} on http://127.0.0.1:")
