from sent_texts import BLANK, LABELS, TEXTS, TOXIC
from server import Server


def test_own(server: Server) -> None:
    answer = server.post("/score", {"texts": TEXTS}).json
    assert [result["flagged"] for result in answer["results"]] == [label == 1 for label in LABELS]
    assert answer["results"][0].keys() == {"label", "score", "flagged", "truncated", "foreign_language"}
    assert server.post("/score", {"texts": []}).json["results"] == []


def test_explain_weighs_each_word_where_it_stands(server: Server) -> None:
    text = f"👍🏽  {TOXIC}!"
    answer = server.post("/explain", {"text": text}).json
    assert (answer["label"], answer["begin"], answer["end"]) == ("toxic", 0, len(text))
    words = {text[word["begin"] : word["end"]]: word["weight"] for word in answer["words"]}
    assert list(words) == ["👍🏽", *TOXIC.split()]
    assert max(words, key=lambda word: words[word]) == "fool"


def test_explain_takes_the_strongest_part_of_a_long_text(server: Server) -> None:
    text = "thanks the patch is good " * 30 + "you fool " * 20 + "thanks the patch is good " * 30
    answer = server.post("/explain", {"text": text}).json
    assert len(answer["words"]) == 64
    assert "fool" in text[answer["begin"] : answer["end"]]
    assert server.post("/explain", {"text": "word " * 20_000}).status == 413


def test_explain_takes_fewer_words_where_each_has_many_tokens(server: Server) -> None:
    text = " ".join("!?" * 30 for _ in range(30)) + f" {TOXIC}"
    assert server.post("/score", {"texts": [text]}).status == 200
    answer = server.post("/explain", {"text": text}).json
    assert 0 < len(answer["words"]) < 32
    assert all(answer["begin"] <= word["begin"] < word["end"] <= answer["end"] for word in answer["words"])
    assert answer["end"] == len(text)
    assert "fool" in text[answer["begin"] : answer["end"]]


def test_half_a_surrogate_pair_and_every_odd_text_is_answered(server: Server) -> None:
    body = b'{"texts": ["\\ud83d", "", "\\u0000", "' + "\u202e👩‍👩‍👧".encode() + b'"]}'
    answer = server.send("POST", "/score", body, content_type="application/json")
    assert answer.status == 200
    assert answer.json["results"] == [None] * 4
    mixed = server.post("/score", {"texts": ["half \ud83d a pair", "👍 fool"]}).json["results"]
    assert [result["label"] for result in mixed] == ["fine", "toxic"]


def test_a_text_with_nothing_to_read_is_null_beside_the_others(server: Server) -> None:
    results = server.post("/score", {"texts": [TOXIC, *BLANK, TOXIC]}).json["results"]
    assert results[1:-1] == [None] * len(BLANK)
    assert results[0] == results[-1]
    assert results[0]["flagged"] is True
    for text in BLANK:
        refused = server.post("/explain", {"text": text})
        assert (refused.status, refused.json["error"]["message"]) == (
            422, "text: there is nothing in the text that the model can read"
        )  # fmt: skip
