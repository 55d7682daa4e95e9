"""What is wrong with a study's folder as it stands, beside its figures."""

from collections.abc import Iterator

from potstill.analysis.results import StudyResults
from potstill.inference.staleness import why_stale


def warnings_of(results: StudyResults) -> Iterator[str]:
    """Runs that could have been edited, and bundles that are older than the study."""
    if results.unsealed:
        runs = ", ".join(results.unsealed)
        yield f"runs without a hash, beside others that have one: nobody can tell whether they were edited: {runs}."
    for bundle in results.folder.bundles():
        if stale := why_stale(bundle):
            yield f"{stale}."
