"""Tables of groups of rows: those that mention a group of people, and the categories that rows test."""

from typing import Literal

from potstill.analysis.report import Report
from potstill.domain.measures import Areas
from potstill.report.tables.table import Table, score

AREAS = (
    "Areas under the ROC curve (Borkan and others, 2019). Within: among rows that mention the group. BPSN: harmless "
    "rows that mention it against positive rows that do not; low where a mere mention is flagged. BNSP: positive rows "
    "that mention it against harmless rows that do not; low where they are missed. 1 is best, 0.5 is chance; a change "
    "is the arm's mean over its seeds minus the teacher's, without an interval."
)
AreaName = Literal["subgroup", "bpsn", "bnsp"]
NAMES: dict[AreaName, str] = {"subgroup": "within", "bpsn": "BPSN", "bnsp": "BNSP"}


def categories(report: Report) -> Table:
    """Recall and false alarms of each category that rows test."""
    head = ["category", "positive rows", "others"]
    head += [f"{arm} {what}" for arm in report.categories for what in ("recall", "false alarms")]
    body: list[list[str]] = []
    for of_category in zip(*report.categories.values(), strict=True):
        first = of_category[0]
        shares = [score(share, 2) for arm in of_category for share in (arm.recall, arm.false_positive_rate)]
        body.append([first.category, str(first.positives), str(first.negatives), *shares])
    return Table("categories", "By category on test, at the fitted threshold, first seed", head, body)


def subgroups(report: Report) -> Table:
    """ROC-AUC around the rows that mention each group, the worst difference first."""
    groups = sorted(report.subgroups, key=lambda group: min(_changes(group.teacher, group.arm), default=0.0))
    body = [
        [group.group, f"{group.rows:,}", f"{group.positives:,}"]
        + [cell for name in NAMES for cell in _pair(group.teacher, group.arm, name)]
        for group in groups
    ]
    head = ["rows that mention", "rows", "positive"]
    head += [f"{heading} {what}" for heading in NAMES.values() for what in ("teacher", "change")]
    sources = ", ".join(dict.fromkeys(group.source for group in groups))
    return Table("subgroups", f"ROC-AUC around groups in {sources}, {report.picked} beside the teacher", head, body)


def _changes(teacher: Areas, arm: Areas) -> list[float]:
    pairs = [(_area(teacher, name), _area(arm, name)) for name in NAMES]
    return [after - before for before, after in pairs if before is not None and after is not None]


def _pair(teacher: Areas, arm: Areas, name: AreaName) -> list[str]:
    before, after = _area(teacher, name), _area(arm, name)
    if before is None or after is None:
        return ["-", "-"]
    return [f"{before:.3f}", f"{after - before:+.3f}"]


def _area(areas: Areas, name: AreaName) -> float | None:
    return {"subgroup": areas.subgroup, "bpsn": areas.bpsn, "bnsp": areas.bnsp}[name]
