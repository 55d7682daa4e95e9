import pytest
from sent_texts import BLANK, TEXTS, TOXIC
from server import Server

from potstill.domain.predictor import Prediction
from potstill.domain.task import Task
from potstill.serving.protocols.openai import moderation_of


def test_openai(server: Server) -> None:
    for given in (TOXIC, [TOXIC], [{"type": "text", "text": TOXIC}]):
        answer = server.post("/v1/moderations", {"input": given, "model": "omni-moderation-latest"}).json
        assert answer["results"][0]["flagged"] is True
        assert list(answer["results"][0]["categories"]) == ["toxic"]
        assert answer["results"][0]["category_scores"]["toxic"] > 0.5
    parts = [{"type": "text", "text": TEXTS[1]}, {"type": "text", "text": TOXIC}]
    assert len(server.post("/v1/moderations", {"input": parts}).json["results"]) == 1
    image = server.post("/v1/moderations", {"input": [{"type": "image_url", "image_url": {"url": "x"}}]})
    assert image.status == 400
    assert "images" in image.json["error"]["message"]


@pytest.mark.parametrize("text", BLANK)
def test_a_text_with_nothing_to_read_is_refused_by_its_place(server: Server, text: str) -> None:
    for given, place in ((text, "input"), ([TOXIC, text], "input.1"), ([{"type": "text", "text": text}], "input")):
        refused = server.post("/v1/moderations", {"input": given})
        assert refused.status == 400
        assert refused.json["error"]["message"] == f"{place}: there is nothing in the text that the model can read"
    parts = [{"type": "text", "text": text}, {"type": "text", "text": TOXIC}]
    assert server.post("/v1/moderations", {"input": parts}).json["results"][0]["flagged"] is True, "of a message"


def test_labels_of_one_category_are_taken_together() -> None:
    each = Task(labels=("threat", "insult", "spam"), multilabel=True)
    named = {"threat": "harassment", "insult": "harassment"}
    prediction = Prediction("threat", ("threat",), 0.9, 0.9, True, (0.9, 0.2, 0.1))
    moderation = moderation_of(prediction, named, each)
    assert (moderation.flagged, moderation.categories, moderation.category_scores) == (
        True,
        {"harassment": True},
        {"harassment": 0.9},
    )
    exclusive = Task(labels=("hate", "offensive", "neither"))
    named = {"hate": "hate", "offensive": "hate"}
    moderation = moderation_of(Prediction("hate", ("hate",), 0.5, 0.5, None, (0.5, 0.4, 0.1)), named, exclusive)
    assert moderation.categories == {"hate": True}
    assert moderation.category_scores == {"hate": pytest.approx(0.9)}
