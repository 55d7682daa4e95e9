import pytest
from sent_texts import BLANK, SECRET, TEXTS, TOXIC, analyze
from server import Server


def test_perspective(server: Server) -> None:
    answer = server.post(
        "/v1alpha1/comments:analyze?key=whatever", analyze(TOXIC, clientToken="t", languages=["en"])
    ).json
    score = answer["attributeScores"]["TOXICITY"]
    assert score["summaryScore"]["type"] == "PROBABILITY"
    assert score["summaryScore"]["value"] > 0.5
    assert score["spanScores"][0]["begin"] == 0
    assert score["spanScores"][0]["end"] == len(TOXIC)
    assert (answer["clientToken"], answer["languages"]) == ("t", ["en"])
    high = server.post(
        "/v1alpha1/comments:analyze",
        {"comment": {"text": TEXTS[1]}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 0.99}}},
    )
    assert high.json["attributeScores"] == {}
    served = server.send("GET", "/$discovery/rest?version=v1alpha1").json
    assert served["resources"]["comments"]["methods"]["analyze"]["path"] == "v1alpha1/comments:analyze"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("👍🏽 Good.  You fool!\nThanks", ["👍🏽 Good.", "You fool!", "Thanks"]),
        ("E.g. version 2.0 is out.", ["E.g. version 2.0 is out."]),
        ("no end", ["no end"]),
        ("You fool! 👍🏽\n你好。", ["You fool!"]),  # what the model cannot read has no score
    ],
)
def test_spans_are_code_points_of_the_text_as_sent(server: Server, text: str, parts: list[str]) -> None:
    answer = server.post("/v1alpha1/comments:analyze", analyze(text, spanAnnotations=True)).json
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    assert [text[span["begin"] : span["end"]] for span in spans] == parts


@pytest.mark.parametrize("text", BLANK)
def test_a_comment_with_nothing_to_read_is_empty(server: Server, text: str) -> None:
    for spans in (False, True):
        refused = server.post("/v1alpha1/comments:analyze", analyze(text, spanAnnotations=spans))
        assert (refused.status, refused.json["error"]["status"]) == (400, "INVALID_ARGUMENT")
        assert [detail["errorType"] for detail in refused.json["error"]["details"]] == ["COMMENT_EMPTY"]


@pytest.mark.parametrize(
    "body",
    [
        {"comment": {"text": "a"}},
        {"comment": {"text": "a"}, "requestedAttributes": {}},
        {"comment": {"text": "  "}, "requestedAttributes": {"TOXICITY": {}}},
        {"comment": {"text": "a" * 20_481}, "requestedAttributes": {"TOXICITY": {}}},
        {"comment": {"text": "a"}, "requestedAttributes": {SECRET: {}}},
    ],
)
def test_perspective_refuses_as_it_did(server: Server, body: dict[str, object]) -> None:
    refused = server.post("/v1alpha1/comments:analyze", body)
    assert refused.status == 400
    assert refused.json["error"]["status"] == "INVALID_ARGUMENT"
    assert SECRET not in refused.body.decode()
