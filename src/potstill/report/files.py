"""The files that a report is kept in."""

from pathlib import Path

from potstill.analysis.report import analyse
from potstill.analysis.results import StudyResults, load_results
from potstill.domain.study_folder import StudyFolder
from potstill.ledger.files import write_file
from potstill.report.document import build_document
from potstill.report.model_card import write_cards
from potstill.report.prose import WordedReport, in_words
from potstill.report.render.html import html
from potstill.report.render.markdown import markdown
from potstill.report.tables.table import Document


def write_report(folder: Path) -> tuple[WordedReport, Document]:
    """Write a study's report.html, report.md and report.json into its folder, and the card of each saved model; the
    report and its document.

    Raises:
        PotstillError: it is not a study folder, or a file in it is damaged.
    """
    results = load_results(folder)
    report, document = write_tables(results.folder, results)
    write_file(results.folder.report_file("html"), html(report).encode())
    write_cards(results, report)
    return report, document


def write_tables(folder: StudyFolder, results: StudyResults) -> tuple[WordedReport, Document]:
    """Write report.md and report.json alone."""
    report = in_words(analyse(results))
    document = build_document(report)
    write_file(folder.report_file("md"), markdown(document).encode())
    write_file(folder.report_file("json"), report.model_dump_json(indent=1).encode())
    return report, document
