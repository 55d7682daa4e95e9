"""Whether the teacher is worth compressing: clearly above the majority class, and above what a list of words does."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from potstill.analysis.decisions import constant_answer
from potstill.analysis.resampled_scores import TIE, Measurements, mean_pr_auc
from potstill.domain.baselines import TEACHER
from potstill.statistics.verdict import Estimate

Fault = Literal["constant", "majority", "tfidf"]
"""It answers every test row alike, or its PR-AUC is not clearly above chance, or not above the better TF-IDF's."""


class WeakTeacher(BaseModel):
    """Why the teacher is not worth compressing: its PR-AUC on test beside that of the strongest rival, the majority
    class or the better TF-IDF, with the 95 % interval of the difference over rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: Fault
    answer: str = ""
    """What a constant teacher answers."""
    pr_auc: float
    against: str
    against_pr_auc: float
    estimate: float
    low: float
    high: float
    waived: str = ""
    """Why the study picks an arm nonetheless, in its own words."""

    @property
    def verdict(self) -> str:
        """Whether it is known not to be worth it, or only not known to be."""
        known = self.fault == "constant" or self.high < 0
        return f"the teacher is not {'' if known else 'shown to be '}worth compressing"

    def describe(self) -> str:
        """The figures that say so, without a full stop."""
        rival = "the majority class" if self.against == "majority" else f'"{self.against}"'
        clearly = "clearly " if self.high >= 0 else ""
        what = {
            "constant": f'it answers every test row with "{self.answer}"',
            "majority": f"it is not {clearly}better than {rival}",
            "tfidf": f"it is not {clearly}better than {rival}",
        }[self.fault]
        return (
            f"{what}; its PR-AUC on test is {self.pr_auc:.3f}, that of {rival} {self.against_pr_auc:.3f} (difference "
            f"{self.estimate:+.3f}, 95 % interval over rows {self.low:+.3f} to {self.high:+.3f})"
        )


def weak_teacher(measured: Measurements) -> WeakTeacher | None:
    """What speaks against compressing the study's teacher; None where nothing does, or where nothing can be said: it
    has not finished, or test defines no PR-AUC.

    A student of a teacher that a list of words equals can be as good as it, and worth nothing.
    """
    results = measured.results
    teacher = results.arm(TEACHER)
    if teacher is None or not teacher.done or not measured.is_defined:
        return None
    chance = measured.above_chance(teacher)
    pr_auc = mean_pr_auc(teacher)
    rivals: dict[str, tuple[float, Estimate]] = {"majority": (pr_auc - chance.difference, chance)}
    words = [arm for arm in results.arms if arm.kind == "tfidf" and arm.done]
    if words:
        better = max(words, key=mean_pr_auc)
        rivals[better.name] = (mean_pr_auc(better), measured.estimate(teacher, better))
    strongest = max(rivals, key=lambda name: rivals[name][0])
    beaten_by = [name for name, (_, estimate) in rivals.items() if estimate.interval()[0] <= TIE]
    answer = constant_answer(results, teacher.done[0])
    if answer is None and not beaten_by:
        return None
    against = strongest if strongest in beaten_by or answer is not None else beaten_by[0]
    reached, estimate = rivals[against]
    low, high = estimate.interval()
    fault: Fault = "constant" if answer is not None else "majority" if against == "majority" else "tfidf"
    return WeakTeacher(
        fault=fault, answer=answer or "", pr_auc=pr_auc, against=against, against_pr_auc=reached,
        estimate=estimate.difference, low=low, high=high, waived=results.record.waived.get("weak_teacher", ""),
    )  # fmt: skip
