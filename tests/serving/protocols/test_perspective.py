import pytest
from sent_texts import SECRET, TEXTS, TOXIC, analyze
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


@pytest.mark.parametrize("text", ["👍🏽 Good.  You fool!\nThanks", "a.  b", "no end"])
def test_spans_are_code_points_of_the_text_as_sent(server: Server, text: str) -> None:
    answer = server.post("/v1alpha1/comments:analyze", analyze(text, spanAnnotations=True)).json
    spans = answer["attributeScores"]["TOXICITY"]["spanScores"]
    cut = [text[span["begin"] : span["end"]] for span in spans]
    assert cut == {"👍": ["👍🏽 Good.", "You fool!", "Thanks"], "a": ["a.", "b"], "n": ["no end"]}[text[0]]


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
