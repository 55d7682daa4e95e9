import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from tiny import tiny_classifier, tiny_config, tiny_encoder, tiny_tokenizer

import potstill
from potstill.domain.errors import ModelError
from potstill.models.auto import model_from_config, read_config, read_model, read_tokenizer, write_part


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    model = tiny_classifier().model
    write_part(model, tmp_path)
    write_part(tiny_tokenizer(), tmp_path)
    again, lacking = read_model(tmp_path, read_config(tmp_path))
    assert lacking == ()
    assert all(torch.equal(again.state_dict()[name], tensor) for name, tensor in model.state_dict().items())
    assert read_tokenizer(tmp_path).get_vocab() == tiny_tokenizer().get_vocab()


def test_an_encoder_lacks_its_head_and_it_is_named(tmp_path: Path) -> None:
    folder = tiny_encoder(tmp_path / "encoder")
    model, lacking = read_model(folder, read_config(folder, num_labels=3))
    assert lacking == ("classifier.bias", "classifier.weight")
    assert model.state_dict()["classifier.weight"].shape == (3, 32)


def test_a_config_keeps_its_labels_where_no_number_is_asked_for(tmp_path: Path) -> None:
    write_part(tiny_classifier(labels=5).model, tmp_path)
    assert (read_config(tmp_path).num_labels, read_config(tmp_path, num_labels=2).num_labels) == (5, 2)


def test_weights_of_half_precision_are_read_in_full(tmp_path: Path) -> None:
    write_part(tiny_classifier().model.bfloat16(), tmp_path)
    model, _ = read_model(tmp_path, read_config(tmp_path))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_a_model_of_a_config_is_of_its_size() -> None:
    assert model_from_config(tiny_config(layers=2)).config.num_hidden_layers == 2


def test_a_folder_without_a_tokenizer_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="has no tokenizer that opens"):
        read_tokenizer(tmp_path)


def test_a_folder_without_a_config_says_so(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"has no config\.json that opens"):
        read_config(tmp_path)


def folder_with_code(folder: Path, file: str) -> Path:
    """A model folder one of whose files names Python code that would leave a trace."""
    write_part(tiny_classifier().model, folder)
    write_part(tiny_tokenizer(), folder)
    trace = f"from pathlib import Path\nPath({str(folder / 'ran')!r}).touch()\n"
    (folder / "own.py").write_text(f"{trace}class Own: pass\n", encoding="utf-8")
    content = json.loads((folder / file).read_text())
    if file == "config.json":
        content |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Own", "AutoModel": "own.Own"}}
    else:
        content |= {"tokenizer_class": "OwnTokenizer", "auto_map": {"AutoTokenizer": ["own.Own", None]}}
    (folder / file).write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "file"),
    [("predict", "config.json"), ("export", "config.json"), ("predict", "tokenizer_config.json")],
)
def test_code_in_a_model_folder_is_never_run_whatever_is_answered(tmp_path: Path, command: str, file: str) -> None:
    folder = folder_with_code(tmp_path / "model", file)
    words = {"predict": [str(folder), "hello"], "export": [str(folder), "-o", str(tmp_path / "bundle")]}[command]
    done = subprocess.run(
        [sys.executable, "-m", "potstill", command, *words],
        input="y\ny\ny\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert not (folder / "ran").exists()
    assert "[y/N]" not in done.stdout + done.stderr
    if done.returncode:
        assert len(done.stderr.strip().splitlines()) == 1
        assert "asks for code of its own (auto_map), which potstill never runs" in done.stderr
    else:
        assert file == "tokenizer_config.json", "its tokenizer.json is read without the class"


def test_every_call_that_opens_a_model_forbids_its_code() -> None:
    """In the package's own source: a call without it would ask, and run what the folder brings after a yes."""
    calls: list[str] = []
    for path in sorted((Path(potstill.__file__).parent).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("from_pretrained", "from_config"):
                forbids = [word.arg for word in node.keywords if ast.unparse(word.value) == "False"]
                calls.append(f"{path.name}:{node.lineno}")
                assert "trust_remote_code" in forbids, calls[-1]
    assert len(calls) == 4
