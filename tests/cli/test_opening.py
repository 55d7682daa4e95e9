from argparse import Namespace

import pytest

from potstill.api.bundles import Opening
from potstill.cli.opening import opening_of
from potstill.domain.errors import ModelError


def test_what_was_asked_for_is_how_a_bundle_is_opened() -> None:
    asked = Namespace(engine="onnx-int8", threads=2, expect_sha256="abc", languages="strict")
    assert opening_of(asked) == Opening("onnx-int8", 2, "abc", "strict")
    assert opening_of(Namespace(engine=None, threads=None, expect_sha256=None, languages="warn")) == Opening()
    with pytest.raises(ModelError, match="there is no engine x; there are onnx-fp32, "):
        opening_of(Namespace(engine="x", threads=None, expect_sha256=None, languages="warn"))
