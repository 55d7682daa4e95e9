import io

from rich.console import Console

from potstill.report.render.terminal import WIDE, print_document
from potstill.report.tables.table import Document, Table


def printed(document: Document, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    print_document(document, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_answer_comes_last_and_brackets_are_no_markup() -> None:
    table = Table("quality", "Test", ["arm", "layers"], [["even", "[1,3] of 4"]])
    lines = printed(Document("Study", "Take [bold]it[/bold].", [table], ["a [note]"]))
    assert lines[-1] == "Take [bold]it[/bold]."
    assert "- a [note]" in lines
    assert any("[1,3] of 4" in line for line in lines)


def test_wide_tables_break_their_headings_at_every_word() -> None:
    head = ["arm", *["validation PR-AUC"] * WIDE]
    table = Table("quality", "Test", head, [["an-arm-with-a-name", *["0.123 ± 0.456"] * WIDE]])
    lines = printed(Document("Study", "", [table], []), width=120)
    assert any(line.split() == ["validation"] * WIDE for line in lines)
    assert any("an-arm-with-a-name" in line for line in lines)
