import socket

import pytest
from bundles import TinyBundle
from server import running_server

from potstill.cli.main import main


def test_the_options_reach_the_server(tiny_bundle: TinyBundle) -> None:
    options = ["--map", "toxic=harassment", "--allow-host", "models.example", "--engine", "onnx-fp32"]
    with running_server(tiny_bundle.folder, *options, POTSTILL_KEY="secret") as server:
        key = "Bearer secret"
        assert server.send("GET", "/models").status == 401
        assert server.send("GET", "/models", authorization=key).json["models"][0]["engine"] == "onnx-fp32"
        assert server.send("GET", "/models", host="models.example", authorization=key).status == 200
        assert server.send("GET", "/models", host="other.example", authorization=key).status != 200
        answer = server.post("/v1/moderations", {"input": "you are a fool"}, authorization=key).json
        assert answer["results"][0]["categories"]["harassment"] is True


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "POTSTILL_KEY"),
        (["--map", "rude=x"], "--map rude=x: write LABEL=CATEGORY; the labels are fine, toxic"),
        (["--engine", "x"], "there is no engine x"),
    ],
)
def test_a_server_that_is_refused_promises_no_address(
    arguments: list[str], message: str, tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    assert main(["serve", str(tiny_bundle.folder), "--port", port, *arguments]) == 1
    shown = capsys.readouterr().err
    assert message in shown
    assert "http://" not in shown
