"""Host names, keys, and the address of the figures, at a real server."""

import pytest
from bundles import TinyBundle
from proxy import stripping_proxy
from sent_texts import TOXIC, analyze
from server import Server, free_port, running_server

from potstill.domain.errors import PotstillError
from potstill.serving.access import check_key, host_name, is_loopback


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("", "POTSTILL_KEY is empty"),
        (" ", "nothing but spaces"),
        (" key", "begins or ends with a space"),
        ("key\n", "headers do not carry"),
        ("schlüssel", "headers do not carry"),
        ("🔑", "headers do not carry"),
        ("a\tb", "headers do not carry"),
    ],
)
def test_a_key_that_not_every_client_can_send_is_refused(key: str, complaint: str) -> None:
    with pytest.raises(PotstillError, match=complaint):
        check_key(key, "POTSTILL_KEY")


def test_other_keys_are_taken() -> None:
    for key in (None, "k", "open sesame", "!#$%&'*+-.^_`|~"):
        check_key(key, "POTSTILL_KEY")


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("localhost:8000", "localhost"),
        ("Models.Example.", "models.example"),
        ("models.example:443", "models.example"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8000", "[::1]"),
        ("::1", "[::1]"),
        ("[0:0:0:0:0:0:0:1]", "[::1]"),
        ("[FE80::1]:80", "[fe80::1]"),
        ("", ""),
        ("[", ""),
    ],
)
def test_a_host_has_one_spelling(given: str, name: str) -> None:
    assert host_name(given) == name


def test_loopback_is_this_machine_alone() -> None:
    for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"):
        assert is_loopback(host), host
    for host in ("0.0.0.0", "::", "10.0.0.1", "fe80::1", "::ffff:10.0.0.1", "example.com", "localhost.example"):
        assert not is_loopback(host), host


def test_the_figures_have_an_address_of_their_own(tiny_bundle: TinyBundle) -> None:
    figures = free_port()
    options = ("--metrics", f"127.0.0.1:{figures}")
    with running_server(tiny_bundle.folder, *options, POTSTILL_KEY="for clients") as server:
        scrape = Server(figures, server.process)
        key = "Bearer for clients"
        assert server.send("GET", "/metrics").status == 404
        assert server.send("GET", "/metrics", authorization=key).status == 404
        assert b"potstill_in_flight" in scrape.send("GET", "/metrics").body
        assert scrape.send("GET", "/readyz").body == b"ok"
        assert scrape.send("GET", "/metrics", host="evil.example").status == 400
        for path in ("/", "/models", "/static/page.css"):
            assert scrape.send("GET", path, authorization=key).status == 404
        assert scrape.post("/score", {"texts": [TOXIC]}, authorization=key).status == 404
        assert server.post("/score", {"texts": [TOXIC]}, authorization=key).status == 200


def test_the_figures_have_a_key_of_their_own(tiny_bundle: TinyBundle) -> None:
    keys = {"POTSTILL_KEY": "for clients", "POTSTILL_METRICS_KEY": "for figures"}
    with running_server(tiny_bundle.folder, **keys) as server:
        assert server.send("GET", "/metrics").status == 401
        assert server.send("GET", "/metrics", authorization="Bearer for clients").status == 401
        assert server.send("GET", "/metrics", authorization="Bearer for figures").status == 200
        assert server.send("GET", "/models", authorization="Bearer for figures").status == 401
        assert server.send("GET", "/models", authorization="Bearer for clients").status == 200


@pytest.mark.parametrize("strips", [True, False], ids=["stripped", "passed on"])
def test_every_protocol_is_below_the_root_path(strips: bool, tiny_bundle: TinyBundle) -> None:
    with (
        running_server(tiny_bundle.folder, "--root-path", "/a/mod") as server,
        stripping_proxy(server.port, "/a/mod", strips=strips) as port,
    ):
        proxy = Server(port, server.process)
        for path, content in {
            "/score": {"texts": [TOXIC]}, "/explain": {"text": TOXIC}, "/predict": {"inputs": TOXIC},
            "/v1/moderations": {"input": TOXIC}, "/v1alpha1/comments:analyze": analyze(TOXIC),
        }.items():  # fmt: skip
            assert proxy.post(f"/a/mod{path}", content).status == 200, path
        for path in ("/", "/model", "/api", "/static/page.css", "/models", "/livez", "/metrics"):
            assert proxy.send("GET", f"/a/mod{path}").status == 200, path
        assert proxy.send("GET", "/a/mod/openapi.json").json["servers"] == [{"url": "/a/mod"}]
        described = proxy.send("GET", "/a/mod/$discovery/rest").json
        assert described["rootUrl"] == f"https://127.0.0.1:{port}/a/mod/", "as the proxy is reached"
        wrong = proxy.post("/a/mod/v1/moderations", {"input": 1})
        assert (wrong.status, wrong.json["error"]["type"]) == (400, "invalid_request_error")
        assert proxy.send("GET", "/a/mod/v1alpha1/nothing").json["error"]["code"] == 404
        assert 'route="/score"' in server.send("GET", "/metrics").body.decode()
        straight = server.send("GET", "/a/mod")
        assert (straight.status, straight.headers["location"]) == (308, "/a/mod/")
        assert server.send("GET", "/a/models").status == 404
