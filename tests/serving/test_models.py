import pytest
from bundles import TinyBundle
from sent_texts import SECRET, TEXTS, TOXIC
from server import Server, running_server


def test_a_model_is_asked_for_by_its_name(server: Server) -> None:
    (model,) = server.send("GET", "/models").json["models"]
    assert (model["id"], model["labels"], model["positive"]) == ("tiny", ["fine", "toxic"], "toxic")
    assert model["engine"] in model["engines"]
    assert [point["threshold"] for point in model["curve"]] == pytest.approx([n / 100 for n in range(1, 100)])
    assert server.post("/score", {"texts": [TOXIC], "model": "tiny"}).json["model"] == "tiny"
    for path, body in (("/score", {"texts": [TOXIC]}), ("/explain", {"text": TOXIC})):
        refused = server.post(path, {**body, "model": SECRET})
        assert refused.status == 422
        assert SECRET not in refused.body.decode()


def test_two_bundles_answer_by_their_names(tiny_bundle: TinyBundle) -> None:
    with running_server(tiny_bundle.folder, str(tiny_bundle.folder)) as two:
        assert [model["id"] for model in two.send("GET", "/models").json["models"]] == ["tiny", "tiny-2"]
        first, second = (two.post("/score", {"texts": TEXTS, "model": name}).json for name in ("tiny", "tiny-2"))
        assert (first["model"], second["model"]) == ("tiny", "tiny-2")
        assert first["results"] == second["results"]
        assert two.post("/score", {"texts": [TOXIC]}).json["model"] == "tiny"
