"""The answer in two or three sentences, worded from the advice: which model to take, at what cost, what would tell."""

from typing import Any, Literal

from potstill.analysis.advice import Advice, ArmFacts, Control, WouldTell
from potstill.analysis.differences import Difference
from potstill.analysis.report import Report
from potstill.analysis.weak_teacher import WeakTeacher
from potstill.domain.notebook import pandas


class WordedReport(Report):
    """A report with its answer in words: what the JSON file holds."""

    answer: str
    sentences: list[str]
    """The answer, a sentence each: what to do, what it costs or what would tell, what it owes to its teacher."""

    def to_frame(self, table: Literal["rows", "differences", "verdicts", "trade_offs"] = "rows") -> Any:
        """One of the report's tables as a pandas DataFrame; what is inside a value has a column of its own, such as
        `figures.pr_auc.mean`. Raises ModuleNotFoundError where pandas is not installed; it comes with the lab."""
        return pandas().json_normalize([line.model_dump(mode="json") for line in getattr(self, table)])

    def _repr_html_(self) -> str:
        # Loaded where it is shown: it draws, and what words the report for a terminal does not wait for that.
        from potstill.report.render.notebook import fragment

        return fragment(self)


def in_words(report: Report) -> WordedReport:
    """The report with its answer."""
    sentences = answer_of(report)
    return WordedReport(**dict(report), answer=" ".join(sentences), sentences=sentences)


def answer_of(report: Report) -> list[str]:
    """The sentences of the answer, the most important first."""
    advice = report.advice
    weak = [] if advice.weak_teacher is None else _weak_teacher(advice.weak_teacher)
    if advice.outcome == "weak teacher":
        return weak
    if advice.picked is None:
        return [_why_none(report), *weak] if advice.outcome == "unfinished" else [*weak, _why_none(report)]
    return [*weak, *_on_the_picked(report, advice, advice.picked)]


def _on_the_picked(report: Report, advice: Advice, facts: ArmFacts) -> list[str]:
    control = [_control(advice.control)] if advice.control else []
    if advice.outcome == "not judged":
        return [*_not_judged(facts), *control]
    said = {"as good": _as_good, "worse": _worse, "unresolved": _unresolved}[advice.outcome]
    return [*said(report, advice, facts), *control]


def _weak_teacher(weak: WeakTeacher) -> list[str]:
    """That the teacher is not worth compressing, with the figure, and what can be done."""
    verdict = _sentence(weak.verdict)
    if weak.waived:
        return [f"{verdict}: {weak.describe()}. The study waives that: {weak.waived}."]
    more = "train it longer or on more rows" + (", or measure on more test rows" if weak.high > 0 else "")
    instead = f'take "{weak.against}"' if weak.against != "majority" else "name another"
    return [
        f"{verdict}, and no arm is advised: {weak.describe()}.",
        f"{_sentence(more)}, or {instead}; an arm can still be named by hand, with --arm.",
    ]


# --- no verdict -----------------------------------------------------------------------------------------------------


def _why_none(report: Report) -> str:
    """Why no arm is advised, and what can be said nonetheless."""
    advice = report.advice
    if advice.outcome == "unfinished":
        return _unfinished(report)
    if advice.outcome == "nothing finished":
        return f"No compressed arm has finished{f': {_list(advice.failed)} failed' if advice.failed else ' yet'}."
    if advice.outcome == "all waived":
        return "No arm is picked: every arm that finished had a gate waived."
    if advice.outcome == "undefined":
        return "PR-AUC is not defined on test: a label has no row there, or all of them. Nothing can be compared."
    good = advice.as_good_but_not_asked_for
    said = f" Shown to be as good as the teacher: {_list(good)}." if good else ""
    return f"No arm is picked: none that finished is what [rule] pick asks for, with a PR-AUC on validation.{said}"


def _unfinished(report: Report) -> str:
    made, planned = report.advice.runs_made, report.advice.runs_planned
    if report.picked is not None:
        gone = f'"{report.picked}" was picked, but now only {made} of {planned} runs are there.'
        return f"{gone} `potstill run` makes the rest."
    if made < planned:
        return f"No arm is picked yet: {made} of {planned} runs are there. `potstill run` continues the study."
    return f"No arm is picked yet: all {planned} runs are there, and `potstill run` ends the study with the pick."


def _not_judged(facts: ArmFacts) -> list[str]:
    """For a study that asks for no verdict."""
    return [
        f"The study asks for no verdict. Picked on validation is {_arm(facts)}, with {_size(facts)}.",
        f"{_figures(facts)} ({_interval(facts.difference)}).",
    ]


# --- verdicts -------------------------------------------------------------------------------------------------------


def _as_good(report: Report, advice: Advice, picked: ArmFacts) -> list[str]:
    below = ", though below it" if advice.below else ""
    return [
        f"Take {_arm(picked)}: it is as good as the teacher within {report.margin:g} of PR-AUC{below}, with "
        f"{_size(picked)}.",
        f"What it costs: {_figures(picked)} ({_interval(picked.difference)}).",
    ]


def _worse(report: Report, advice: Advice, picked: ArmFacts) -> list[str]:
    best = advice.advised
    if best is None:
        beside = _beside(advice)
        instead = f"No other arm is shown to be as good{beside}: keep the teacher, or accept that for {_size(picked)}."
    else:
        instead = (
            f"As good as the teacher within that margin is {_arm(best)}: {_interval(best.difference)}, {_size(best)}."
        )
    return [
        f"The best on validation, {_arm(picked)}, is worse than the teacher by more than {report.margin:g} of "
        f"PR-AUC: {_figures(picked)} ({_interval(picked.difference)}).",
        instead,
    ]


def _unresolved(report: Report, advice: Advice, picked: ArmFacts) -> list[str]:
    best = advice.advised or picked
    none = "No smaller model is" if advice.all_smaller else "No arm is"
    shown = f"{_arm(best)} is" if advice.is_shown else none
    supported = "" if advice.is_shown else f"{_beside(advice)}; the best supported is {_arm(best)}"
    open_question = f'Whether "{picked.arm}", the best on validation, is as good cannot be told yet. '
    about = "" if best.arm == picked.arm else open_question
    return [
        f"{shown} shown to be as good as the teacher within {report.margin:g} of PR-AUC{supported}, "
        f"{_between(best.difference)}, with {_size(best)}.",
        about + _would_tell(advice.would_tell or WouldTell(), picked.difference, report.test_rows),
    ]


def _would_tell(tell: WouldTell, difference: Difference, test_rows: int) -> str:
    if tell.obstacle == "one seed":
        return "One seed says nothing about others: run at least three."
    if tell.obstacle:
        why = {
            "beyond the margin": "lies beyond the margin",
            "at the margin": "lies within one standard error of the margin",
            "too uncertain": "is too uncertain",
        }[tell.obstacle]
        return (
            f'No realistic number of rows or seeds would show "{difference.arm}" to be as good: its difference, '
            f"{_interval(difference)}, {why}."
        )
    ways = [f"about {_rounded(tell.rows):,} test rows instead of {test_rows:,}"] if tell.rows else []
    ways += [f"about {tell.seeds} seeds instead of {difference.seeds}"] if tell.seeds else []
    ways += [f"about {_rounded(tell.both[0]):,} test rows with {tell.both[1]} seeds"] if tell.both else []
    return f"If its difference stayed at {difference.estimate:+.3f}, {' or '.join(ways)} would show it."


def _control(control: Control) -> str:
    shown = {None: "over rows alone, one seed", False: "not shown to differ", True: "shown to differ"}[control.differs]
    return (
        f"The same layers trained on the labels alone, without the teacher, reach {_more(control.estimate)} "
        f"({_more(control.low)} to {_more(control.high)}: {shown})."
    )


# --- phrases --------------------------------------------------------------------------------------------------------


def _arm(facts: ArmFacts) -> str:
    """The arm with the words that say what it is."""
    return f'"{facts.arm}" ({facts.description})'


def _beside(advice: Advice) -> str:
    """Arms that are as good and not what was asked for."""
    arms = [f'"{arm}"' for arm in advice.as_good_but_not_asked_for]
    return f" ({', '.join(arms)} {'is' if len(arms) == 1 else 'are'}, but no smaller)" if arms else ""


def _sentence(words: str) -> str:
    """The words as the beginning of one."""
    return words[:1].upper() + words[1:]


def _list(arms: list[str]) -> str:
    return ", ".join(arms)


def _figures(facts: ArmFacts) -> str:
    """Its PR-AUC beside the teacher's."""
    return f"PR-AUC on test {facts.pr_auc:.3f}, the teacher's {facts.teacher_pr_auc:.3f}"


def _size(facts: ArmFacts) -> str:
    """What it has of the teacher's parameters and layers."""
    words = f"{100 * facts.parameter_share:.0f} % of the teacher's parameters"
    return words if facts.kept is None else f"{words} and {facts.kept} of its {facts.depth} layers"


def _interval(difference: Difference) -> str:
    over = "rows and seeds" if difference.seeds_error is not None else "rows alone"
    return f"{difference.estimate:+.3f}, 95 % interval over {over} {difference.low:+.3f} to {difference.high:+.3f}"


def _between(difference: Difference) -> str:
    """The interval as a distance from the teacher."""
    sure = "(95 % interval)"
    if difference.high <= 0:
        return f"between {-difference.high:.3f} and {-difference.low:.3f} below {sure}"
    if difference.low >= 0:
        return f"between {difference.low:.3f} and {difference.high:.3f} above {sure}"
    return f"between {-difference.low:.3f} below and {difference.high:.3f} above {sure}"


def _rounded(count: int) -> int:
    """Up to two figures."""
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _more(difference: float) -> str:
    return f"{abs(difference):.3f} {'less' if difference < 0 else 'more'}"
