"""The answer in two sentences: which model to take, and what that costs or what would tell."""

from collections.abc import Collection, Sequence

from potstill.report.results import COMPRESSED
from potstill.report.rows import KeptLayers, Row
from potstill.report.verdicts import ArmVerdict, Difference


def answer_of(
    name: str | None,
    rows: Sequence[Row],
    layers: Sequence[KeptLayers],
    verdicts: Sequence[ArmVerdict],
    differences: Sequence[Difference],
    margin: float,
    test: int,
    able: Collection[str],
) -> list[str]:
    """What to do, by `name`, the arm that was picked on validation; then what it owes to its teacher, where a control
    tells. Only arms in `able`, those that the study's rule asks for, are advised: whoever wants a smaller model is not
    told to take one that is as good and as large."""
    teacher = next((row for row in rows if row.kind == "teacher" and row.figures), None)
    primary = next((verdict for verdict in verdicts if verdict.primary), None)
    picked = next((row for row in rows if row.arm == name), None)
    if teacher is None or picked is None:
        return [_why_none(rows, verdicts)]
    others = [verdict.arm for verdict in verdicts if verdict.arm not in able and verdict.judgement == "as good"]
    words = _Words(rows, layers, teacher, margin, test, others)
    if primary is None:
        return _unjudged(picked, differences, words)
    say = {"as good": _as_good, "worse": _worse, "unresolved": _unresolved}[primary.judgement]
    weighed = [verdict for verdict in verdicts if verdict.arm in able]
    return [*say(primary, weighed, words), *_control(primary.arm, differences)]


def _why_none(rows: Sequence[Row], verdicts: Sequence[ArmVerdict]) -> str:
    """Why no arm was picked, and what can be said nonetheless."""
    done = [row for row in rows if row.role in COMPRESSED and row.figures]
    if not done:
        failed = [row.arm for row in rows if row.role in COMPRESSED and row.failures]
        why = f": {', '.join(failed)} failed" if failed else " yet"
        return f"No compressed arm has finished{why}."
    if all(row.waived for row in done):
        return "No arm is picked: for every one that finished a gate was waived."
    good = [one.arm for one in verdicts if one.judgement == "as good"]
    said = f" Shown to be as good as the teacher: {', '.join(good)}." if good else ""
    return f"No arm is picked: none that finished is what [rule] pick asks for, with a PR-AUC on validation.{said}"


def _unjudged(picked: Row, differences: Sequence[Difference], words: "_Words") -> list[str]:
    """What a study says that asks for no verdict, or whose test split defines no PR-AUC."""
    found = next((one for one in differences if one.arm == picked.arm and one.against == "teacher"), None)
    if found is None:
        return ["PR-AUC is not defined on test: a label has no row there, or all of them. Nothing can be compared."]
    return [
        f"No verdict is asked. Picked on validation is {words.arm(picked.arm)}, with {words.size(picked.arm)}.",
        f"{words.figures(picked.arm)[:1].upper()}{words.figures(picked.arm)[1:]} ({_interval(found)}).",
        *_control(picked.arm, differences),
    ]


class _Words:
    """Phrases that need the table."""

    def __init__(
        self,
        rows: Sequence[Row],
        layers: Sequence[KeptLayers],
        teacher: Row,
        margin: float,
        test: int,
        others: Sequence[str],
    ) -> None:
        self._rows, self.teacher, self.margin, self.test = {row.arm: row for row in rows}, teacher, margin, test
        self._layers, self._others = {one.arm: one for one in layers}, others

    def arm(self, name: str) -> str:
        """The arm with the words that say what it is."""
        return f'"{name}" ({self._rows[name].words})'

    def none(self, verdicts: Sequence[ArmVerdict]) -> str:
        """No arm of these, in words."""
        smaller = all(self._rows[verdict.arm].role == "smaller" for verdict in verdicts)
        return "No smaller model" if smaller else "No arm"

    @property
    def beside(self) -> str:
        """Arms that are as good and not what was asked for."""
        named = ", ".join(f'"{arm}"' for arm in self._others)
        return f" ({named} {'is' if len(self._others) == 1 else 'are'}, but no smaller)" if named else ""

    def figures(self, name: str) -> str:
        """Its PR-AUC beside the teacher's."""
        reached, taught = self._rows[name].figures["pr_auc"].mean, self.teacher.figures["pr_auc"].mean
        return f"PR-AUC on test {reached:.3f}, the teacher's {taught:.3f}"

    def size(self, name: str) -> str:
        """What it has of the teacher's parameters and layers. No speed: that differs between two runs of one study."""
        share = self._rows[name].figures["parameters"].mean / self.teacher.figures["parameters"].mean
        words, kept = f"{100 * share:.0f} % of the teacher's parameters", self._layers.get(name)
        return words if kept is None else f"{words} and {len(kept.kept)} of its {kept.depth} layers"


def _interval(difference: Difference) -> str:
    over = "rows and seeds" if difference.seeds_error is not None else "rows alone"
    return f"{difference.estimate:+.3f}, 95 % interval over {over} {difference.low:+.3f} to {difference.high:+.3f}"


def _as_good(primary: ArmVerdict, verdicts: Sequence[ArmVerdict], words: _Words) -> list[str]:
    below = ", though below it" if primary.below else ""
    return [
        f"Take {words.arm(primary.arm)}: it is as good as the teacher within {words.margin:g} of PR-AUC{below}, with "
        f"{words.size(primary.arm)}.",
        f"What it costs: {words.figures(primary.arm)} ({_interval(primary.difference)}).",
    ]


def _worse(primary: ArmVerdict, verdicts: Sequence[ArmVerdict], words: _Words) -> list[str]:
    good = [verdict for verdict in verdicts if verdict.judgement == "as good"]
    instead = (
        f"No other is shown to be as good{words.beside}: keep the teacher, or pay that for {words.size(primary.arm)}."
    )
    if good:
        best = max(good, key=lambda verdict: verdict.difference.low)
        instead = f"As good within it is {words.arm(best.arm)}: {_interval(best.difference)}, {words.size(best.arm)}."
    return [
        f"The best on validation, {words.arm(primary.arm)}, is worse than the teacher by more than {words.margin:g} of "
        f"PR-AUC: {words.figures(primary.arm)} ({_interval(primary.difference)}).",
        instead,
    ]


def _unresolved(primary: ArmVerdict, verdicts: Sequence[ArmVerdict], words: _Words) -> list[str]:
    good = [verdict for verdict in verdicts if verdict.judgement == "as good"]
    # An interval over rows alone is too narrow to stand beside others.
    several = [verdict for verdict in verdicts if verdict.difference.seeds_error is not None]
    best = max(good or several or verdicts, key=lambda verdict: verdict.difference.low)
    within = f"as good as the teacher within {words.margin:g} of PR-AUC"
    shown = f"{words.arm(best.arm)} is" if good else f"{words.none(verdicts)} is"
    supported = "" if good else f"{words.beside}; the best supported is {words.arm(best.arm)}"
    place = f"{_between(best.difference)}, with {words.size(best.arm)}"
    about = "" if best is primary else f'Of "{primary.arm}", the best on validation, it cannot be told yet. '
    return [
        f"{shown} shown to be {within}{supported}, {place}.",
        about + _what_would_tell(primary, words.test, words.margin),
    ]


def _between(difference: Difference) -> str:
    """The interval as a distance from the teacher."""
    sure = "(95 % interval)"
    if difference.high <= 0:
        return f"between {-difference.high:.3f} and {-difference.low:.3f} below {sure}"
    if difference.low >= 0:
        return f"between {difference.low:.3f} and {difference.high:.3f} above {sure}"
    return f"between {-difference.low:.3f} below and {difference.high:.3f} above {sure}"


def _what_would_tell(primary: ArmVerdict, test: int, margin: float) -> str:
    seeds = primary.difference.seeds
    if primary.difference.seeds_error is None:
        return "One seed says nothing about others: run at least three."
    if not primary.realistic:
        beyond = primary.difference.estimate <= -margin
        near = "lies beyond the margin" if beyond else "lies within one standard error of the margin"
        return (
            f'No realistic number of rows or seeds would show "{primary.arm}" to be as good: its difference, '
            f"{_interval(primary.difference)}, {near if primary.hopeless else 'is too uncertain'}."
        )
    ways: list[str] = []
    if primary.needs_rows:
        ways.append(f"about {_rounded(primary.needs_rows):,} test rows instead of {test:,}")
    if primary.needs_seeds:
        ways.append(f"about {primary.needs_seeds} seeds instead of {seeds}")
    if primary.needs_both:
        ways.append(f"about {_rounded(primary.needs_both[0]):,} test rows with {primary.needs_both[1]} seeds")
    return f"If its difference stayed at {primary.difference.estimate:+.3f}, {' or '.join(ways)} would show it."


def _rounded(count: int) -> int:
    """To two figures."""
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def _control(arm: str, differences: Sequence[Difference]) -> list[str]:
    """What the arm owes to its teacher, where the control that tells was run."""
    found = next((d for d in differences if d.arm == arm and d.against == f"finetune-{arm}"), None)
    if found is None:
        return []
    if found.seeds_error is None:
        shown = "over rows alone, one seed"
    else:
        shown = "not shown to differ" if found.low <= 0 <= found.high else "shown to differ"
    return [
        f"The same layers trained on the labels alone, without the teacher, reach {_more(-found.estimate)} "
        f"({_more(-found.high)} to {_more(-found.low)}: {shown})."
    ]


def _more(difference: float) -> str:
    return f"{abs(difference):.3f} {'less' if difference < 0 else 'more'}"
