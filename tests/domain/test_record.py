"""Records of runs: what earlier versions wrote is read as what it means now."""

import json

import pytest
from pydantic import ValidationError

from potstill.domain.measures import Cost
from potstill.domain.record import RunRecord

NOW = RunRecord(
    arm="even", kind="student", seed=1, digest="d" * 64, status="done", description="even layers of the teacher",
    settings={"training": {"epochs": 2}}, cost=Cost(parameters=7, texts_per_second=12.5),
)  # fmt: skip


def test_format_1_had_its_description_among_the_settings_and_counted_comments() -> None:
    content = json.loads(NOW.model_dump_json())
    del content["format"]
    content["settings"]["words"] = content.pop("description")
    content["cost"]["comments_per_second"] = content["cost"].pop("texts_per_second")
    assert RunRecord.model_validate_json(json.dumps(content)) == NOW


def test_what_is_written_now_is_read_as_it_is() -> None:
    assert RunRecord.model_validate_json(NOW.model_dump_json()) == NOW
    assert NOW.key.folder == "even-s1-dddddddddddd"


def test_a_later_format_is_refused() -> None:
    with pytest.raises(ValidationError, match="format"):
        RunRecord.model_validate({**json.loads(NOW.model_dump_json()), "format": 3})
