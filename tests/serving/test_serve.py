import pytest
from bundles import TinyBundle
from server import Server

from potstill.cli.main import main
from potstill.domain.errors import PotstillError
from potstill.serving.serve import ServeSettings, serve


def test_a_taken_port_is_said_before_anything_is_promised(
    server: Server, tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", str(tiny_bundle.folder), "--port", str(server.port)]) == 1
    said = capsys.readouterr().err
    assert "already in use" in said
    assert "--port" in said
    assert "http://" not in said


def test_other_machines_may_not_ask_without_a_key(tiny_bundle: TinyBundle, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", str(tiny_bundle.folder), "--host", "0.0.0.0"]) == 1
    assert "set POTSTILL_KEY" in capsys.readouterr().err
    assert main(["serve", str(tiny_bundle.folder), "--map", "rude=x"]) == 1
    assert "the labels are fine, toxic" in capsys.readouterr().err


def test_an_expected_hash_is_that_of_one_bundle(tiny_bundle: TinyBundle) -> None:
    settings = ServeSettings(bundles=[tiny_bundle.folder] * 2, expect_sha256="0" * 64)
    with pytest.raises(PotstillError, match="serve one"):
        serve(settings)
