"""Tables of whom it hits."""

from potstill.domain.measures import Areas
from potstill.report.figures import Report
from potstill.report.sheets import Sheet, share_in_words

AREAS = (
    "Areas under the ROC curve (Borkan and others, 2019). Within: among rows that mention the group. BPSN: harmless "
    "rows that mention it against positive rows that do not; low where a mere mention is flagged. BNSP: positive rows "
    "that mention it against harmless rows that do not; low where they are missed. 1 is best, 0.5 is chance; a change "
    "is the arm's mean over its seeds minus the teacher's, without an interval."
)


def categories(report: Report) -> Sheet:
    """Recall and false alarms of each category that rows test."""
    arms = list(report.categories)
    head = ["category", "positive rows", "others"]
    head += [f"{arm} {what}" for arm in arms for what in ("recall", "false alarms")]
    body: list[list[str]] = []
    for found in zip(*report.categories.values(), strict=True):
        first = found[0]
        shares = [share_in_words(share) for one in found for share in (one.recall, one.false_positive_rate)]
        body.append([first.category, str(first.positives), str(first.negatives), *shares])
    return Sheet("categories", "By category on test, at the fitted threshold, first seed", head, body)


def flips(report: Report) -> Sheet:
    """How many rows the picked arm decides otherwise than the teacher, by how sure the teacher was."""
    found = report.flips
    if found is None:
        return Sheet("flips", "", [], [])
    of = report.positive or "its own label"
    body = [
        [f"{bin.low:.1f} to {bin.high:.1f}", *(f"{count:,}" for count in (bin.rows, bin.lost, bin.gained, bin.other))]
        for bin in found.bins
    ]
    head = [f"teacher's probability of {of}", "all rows", "only the teacher is right", f"only {found.arm} is right"]
    title = f"Rows that {found.arm} decides otherwise than the teacher, seed {found.seed}; counted, not weighted"
    if report.positive:  # of two labels both cannot be wrong and differ
        return Sheet("flips", title, head, [line[:-1] for line in body])
    return Sheet("flips", title, [*head, "both wrong, differently"], body)


def subgroups(report: Report) -> Sheet:
    """ROC-AUC around the rows that mention each group, the worst difference first."""
    found = sorted(report.subgroups, key=lambda one: min(_changes(one.teacher, one.arm), default=0.0))
    body = [
        [one.group, f"{one.rows:,}", f"{one.positives:,}"]
        + [cell for name in ("subgroup", "bpsn", "bnsp") for cell in _pair(one.teacher, one.arm, name)]
        for one in found
    ]
    head = ["rows that mention", "rows", "positive"]
    head += [f"{name} {what}" for name in ("within", "BPSN", "BNSP") for what in ("teacher", "change")]
    sources = ", ".join(dict.fromkeys(one.source for one in found))
    return Sheet("subgroups", f"ROC-AUC around groups in {sources}, {report.picked} beside the teacher", head, body)


def _changes(teacher: Areas, arm: Areas) -> list[float]:
    pairs = zip(teacher.model_dump().values(), arm.model_dump().values(), strict=True)
    return [other - one for one, other in pairs if one is not None and other is not None]


def _pair(teacher: Areas, arm: Areas, name: str) -> list[str]:
    one, other = getattr(teacher, name), getattr(arm, name)
    if one is None or other is None:
        return ["-", "-"]
    return [f"{one:.3f}", f"{other - one:+.3f}"]
