"""A bundle that says which languages it is for, asked in others, in every protocol."""

import shutil
from collections.abc import Generator
from pathlib import Path

import pytest
from bundles import TinyBundle, edit_info
from sent_texts import SECRET, TOXIC, analyze
from server import Answer, Server, running_server

GERMAN = "Das Wetter ist heute sehr gut."
ANALYZE = "/v1alpha1/comments:analyze"


@pytest.fixture(scope="module")
def english(tiny_bundle: TinyBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("english") / "bundle"
    shutil.copytree(tiny_bundle.folder, folder)
    edit_info(folder, languages=["en"])
    return folder


@pytest.fixture(scope="module")
def warning(english: Path) -> Generator[Server]:
    with running_server(english) as running:
        yield running


@pytest.fixture(scope="module")
def strict(english: Path) -> Generator[Server]:
    with running_server(english, "--languages", "strict") as running:
        yield running


def details_of(refused: Answer) -> dict[str, object]:
    """Those of Perspective's error for a language."""
    assert (refused.status, refused.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
    (details,) = refused.json["error"]["details"]
    assert details["errorType"] == "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
    return details["languageNotSupportedByAttributeError"]


def test_a_foreign_text_is_answered_with_a_warning(warning: Server) -> None:
    results = warning.post("/score", {"texts": [GERMAN, TOXIC, "hi", "你好"]}).json["results"]
    assert [result and result["foreign_language"] for result in results] == ["de", None, None, None]
    moderated = warning.post("/v1/moderations", {"input": [GERMAN, TOXIC]}).json["results"]
    assert [result.get("foreign_language", "none") for result in moderated] == ["de", "none"]
    parts = [{"type": "text", "text": text} for text in (TOXIC, GERMAN)]
    assert warning.post("/v1/moderations", {"input": parts}).json["results"][0]["foreign_language"] == "de"
    (model,) = warning.send("GET", "/models").json["models"]
    assert (model["languages"], model["checks_languages"]) == (["en"], True)


def test_perspective_says_what_it_detected_and_refuses_what_is_not_served(warning: Server) -> None:
    answer = warning.post(ANALYZE, analyze(GERMAN)).json
    assert (answer["languages"], answer["detectedLanguages"]) == (["en"], ["de"])
    answer = warning.post(ANALYZE, analyze("I will come by tomorrow.", languages=["en-GB"])).json
    assert (answer["languages"], answer["detectedLanguages"]) == (["en-GB"], ["en"])
    assert warning.post(ANALYZE, analyze("hi", languages=["en"])).json["detectedLanguages"] == []
    refused = warning.post(ANALYZE, analyze(GERMAN, languages=["en", "de"]))
    assert details_of(refused) == {"requestedLanguages": ["de"], "attribute": "TOXICITY"}
    assert refused.json["error"]["message"] == "Attribute TOXICITY does not support request languages: de"
    refused = warning.post(ANALYZE, analyze("hi", languages=[SECRET] * 50))
    assert details_of(refused)["requestedLanguages"] == ["und"] * 8
    assert SECRET not in refused.body.decode()


def test_strict_refuses_a_foreign_text_by_its_place(strict: Server) -> None:
    why = "seems to be in another language (de): the model is for en"
    for path, body, code, place in (
        ("/score", {"texts": [TOXIC, GERMAN]}, 422, "texts.1"),
        ("/predict", {"inputs": [[TOXIC], [GERMAN]]}, 422, "inputs.1"),
        ("/predict", {"inputs": GERMAN}, 422, "inputs"),
        ("/v1/moderations", {"input": [TOXIC, GERMAN]}, 400, "input.1"),
    ):
        refused = strict.post(path, body)
        error = refused.json["error"]
        assert (refused.status, error if isinstance(error, str) else error["message"]) == (code, f"{place}: {why}")
        assert GERMAN not in refused.body.decode()
    assert details_of(strict.post(ANALYZE, analyze(GERMAN))) == {"detectedLanguages": ["de"], "attribute": "TOXICITY"}
    assert strict.post(ANALYZE, analyze(GERMAN, languages=["en"])).status == 200, "the client says that it is English"
    assert strict.post("/score", {"texts": [TOXIC, "hi", "ok"]}).status == 200


def test_a_bundle_that_declares_none_says_so_and_checks_nothing(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder) as server:
        (result,) = server.post("/score", {"texts": [GERMAN]}).json["results"]
        assert result["foreign_language"] is None
        answer = server.post(ANALYZE, analyze(GERMAN, languages=["de"])).json
        assert (answer["languages"], "detectedLanguages" in answer) == (["de"], False)
        server.process.terminate()
        assert server.process.stderr
        assert b"the model declares no languages, so texts are not checked" in server.process.stderr.read()
    with (
        pytest.raises(RuntimeError, match="--languages strict: the model declares no languages"),
        running_server(tiny_bundle.folder, "--languages", "strict"),
    ):
        pass


def test_off_looks_at_nothing(english: Path) -> None:
    with running_server(english, "--languages", "off") as server:
        assert server.post("/score", {"texts": [GERMAN]}).json["results"][0]["foreign_language"] is None
        assert server.post(ANALYZE, analyze(GERMAN, languages=["de"])).status == 200
