"""Reports and searches on a terminal."""

from typing import Literal

from rich.console import Console

from potstill.domain.layer_search import LayerSearch
from potstill.domain.study_folder import StudyFolder
from potstill.domain.tuning import Tuning
from potstill.report.figures import Report
from potstill.report.layer_sheets import lay_out_layers
from potstill.report.layout import lay_out
from potstill.report.show import markdown, print_page
from potstill.report.tuning import lay_out_tuning

Format = Literal["terminal", "markdown", "json"]


def print_report(report: Report, folder: StudyFolder, console: Console, how: Format = "terminal") -> None:
    """A study's report as tables with the place of its page, or as Markdown or JSON."""
    page = lay_out(report)
    if how == "terminal":
        print_page(page, console)
        console.print(f"\nWith pictures: {folder.report_file('html')}", highlight=False, soft_wrap=True)
    else:
        console.out(report.model_dump_json(indent=1) if how == "json" else markdown(page), highlight=False)


def print_layer_search(search: LayerSearch, model: str, console: Console) -> None:
    """The tables of a search for layers of `model`."""
    print_page(lay_out_layers(search, model), console)


def print_tuning(tuning: Tuning, console: Console) -> None:
    """The trials, the best first, and what mattered."""
    print_page(lay_out_tuning(tuning), console)
