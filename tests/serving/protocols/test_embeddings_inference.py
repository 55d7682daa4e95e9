import pytest
from sent_texts import TEXTS, TOXIC
from server import Server


def test_text_embeddings_inference(server: Server) -> None:
    answer = server.post("/predict", {"inputs": TOXIC}).json
    assert [item["label"] for item in answer] == ["toxic", "fine"]
    assert sum(item["score"] for item in answer) == pytest.approx(1)
    assert server.post("/predict", {"inputs": [TOXIC]}).json == answer
    many = server.post("/predict", {"inputs": [[TOXIC], [TEXTS[1]]], "truncate": True}).json
    assert [items[0]["label"] for items in many] == ["toxic", "fine"]
    assert server.post("/predict", {"inputs": []}).status == 422
    assert server.post("/predict", {"inputs": TOXIC, "raw_scores": True}).status == 422
    assert server.post("/predict", {"inputs": TOXIC, "raw_scores": False}).json == answer
    for pair in (["a", "b"], [["a", "b"]]):
        refused = server.post("/predict", {"inputs": pair})
        assert refused.status == 422
        assert "sentence pair" in refused.json["error"]
        assert refused.json["error_type"] == "validation"
