from potstill.report.render.markdown import markdown, plain
from potstill.report.tables.table import Document, Table


def test_a_document_is_a_title_an_answer_tables_and_notes() -> None:
    table = Table("quality", "A <table>", ["arm", "a|b"], [["x", "1"], ["y", "-"]])
    assert markdown(Document("Study", "Take it.", [table], ["one_note"])) == (
        "# Study\n\nTake it.\n\n## A \\<table\\>\n\n"
        "| arm | a\\|b |\n| --- | --- |\n| x | 1 |\n| y | - |\n\n- one\\_note\n"
    )


def test_nothing_of_a_text_is_markup() -> None:
    assert plain("<b>*x*</b>\n# `y` [z](u)") == "\\<b\\>\\*x\\*\\</b\\> \\# \\`y\\` \\[z\\](u)"
