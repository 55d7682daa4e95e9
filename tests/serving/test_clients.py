"""The clients that people have, unchanged, against the running server."""

from collections.abc import Generator

import pytest
from bundles import TinyBundle
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError
from openai import BadRequestError, OpenAI
from server import Server, running_server
from tiny import comments

TEXTS, _ = comments(3)
KEY = "a key"


@pytest.fixture(scope="module")
def server(tiny_bundle: TinyBundle) -> Generator[Server]:
    with running_server(tiny_bundle.folder, POTSTILL_KEY=KEY) as running:
        yield running


def test_openai_s_client(server: Server) -> None:
    with OpenAI(base_url=f"http://127.0.0.1:{server.port}/v1", api_key=KEY, max_retries=0) as client:
        answer = client.moderations.create(input=TEXTS, model="omni-moderation-latest")
        assert [result.flagged for result in answer.results] == [True, False, False]
        assert answer.results[0].category_scores.model_dump()["toxic"] > 0.5
        with pytest.raises(BadRequestError, match="does not take images"):
            client.moderations.create(input=[{"type": "image_url", "image_url": {"url": "http://localhost/a.png"}}])


def test_google_s_client(server: Server) -> None:
    where = f"http://127.0.0.1:{server.port}/$discovery/rest?version=v1alpha1"
    with build(
        "commentanalyzer", "v1alpha1", developerKey=KEY, discoveryServiceUrl=where, static_discovery=False
    ) as client:
        asked = {"comment": {"text": TEXTS[0]}, "requestedAttributes": {"TOXICITY": {}}}
        answer = client.comments().analyze(body=asked).execute()
        assert answer["attributeScores"]["TOXICITY"]["summaryScore"]["value"] > 0.5
        with pytest.raises(HttpError, match="not assessed") as refused:
            client.comments().analyze(body={**asked, "requestedAttributes": {"SEVERE_TOXICITY": {}}}).execute()
        assert refused.value.status_code == 400
