"""Reports and searches on a terminal."""

from typing import Literal

from rich.console import Console

from potstill.domain.layer_search import LayerSearch
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Tuning
from potstill.report.document import build_document
from potstill.report.prose import WordedReport
from potstill.report.render.markdown import markdown
from potstill.report.render.terminal import print_document
from potstill.report.tables.layers import build_layer_document
from potstill.report.tables.tuning import build_tuning_document

Format = Literal["terminal", "markdown", "json"]


def print_report(report: WordedReport, folder: StudyFolder, console: Console, how: Format = "terminal") -> None:
    """A study's report as tables with the place of its page, or as Markdown or JSON."""
    document = build_document(report)
    if how == "terminal":
        print_document(document, console)
        console.print(f"\nWith pictures: {folder.report_file('html')}", highlight=False, soft_wrap=True)
    else:
        console.out(report.model_dump_json(indent=1) if how == "json" else markdown(document), highlight=False)


def print_layer_search(search: LayerSearch, model: str, console: Console) -> None:
    """The tables of a search for layers of `model`."""
    print_document(build_layer_document(search, model), console)


def print_tuning(tuning: Tuning, console: Console) -> None:
    """The trials, the best first, and what mattered."""
    print_document(build_tuning_document(tuning), console)
