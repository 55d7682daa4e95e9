"""The command that scores a file of texts."""

import argparse

from potstill.cli.commands import Commands, add_command, add_opening

REJECTED = 3
"""Exit code where some rows could not be scored."""
KINDS = ["csv", "jsonl", "parquet"]


def register(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "score", _score, help="score a file of texts",
        description="Add a label, a score, whether it is flagged, and whether a part was left unread to every row of a "
        "file, in constant memory and without torch. Rows that cannot be scored are listed in TARGET.rejected.jsonl, "
        "and the exit code is then 3. After a kill the same command continues, unless one side is a stream.",
        example="potstill score more.csv -o scored.parquet --text body",
    )  # fmt: skip
    parser.add_argument("source", help="a .csv, .jsonl (both also .gz) or .parquet file; - reads standard input")
    parser.add_argument("-o", "--out", required=True, metavar="TARGET", help="the file to write, its kind by its "
        "ending too; - writes standard output")  # fmt: skip
    parser.add_argument("--bundle", help="default: the newest one under runs")
    parser.add_argument("--text", default="text", metavar="COLUMN", help="the column with the text (default: text)")
    parser.add_argument("--prefix", default="", help="put before the names of the added columns")
    parser.add_argument("--from", dest="source_kind", choices=KINDS, help="where no ending says it")
    parser.add_argument("--to", dest="target_kind", choices=KINDS, help="where no ending says it")
    parser.add_argument("--spreadsheet-safe", action="store_true", help="no CSV cell may begin as a formula does")
    add_opening(parser)


def _score(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from potstill.api.scoring import FileFormats, score
    from potstill.cli.opening import opening_of

    console = Console(stderr=True)
    result = score(
        arguments.source, arguments.out, arguments.bundle, text=arguments.text, prefix=arguments.prefix,
        formats=FileFormats(arguments.source_kind, arguments.target_kind, arguments.spreadsheet_safe),
        opening=opening_of(arguments), console=console,
    )  # fmt: skip
    for line in result.lines():
        console.print(line, highlight=False, markup=False)
    return REJECTED if result.tally.rejected else 0
