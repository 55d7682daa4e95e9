"""A study's plan on a terminal."""

from rich import box
from rich.console import Console
from rich.table import Table

from potstill.study.estimate import StudyPlan


def print_plan(plan: StudyPlan, console: Console) -> None:
    """The account of the rows, the arms as a table, a sum, and how wide the intervals will be."""
    for line in plan.account:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(_table(plan))
    minutes = sum(arm.seconds for arm in plan.arms) / 60
    console.print(f"About {minutes:.0f} minutes of training on this machine ({plan.machine}); within a factor of two.")
    console.print(plan.expected, highlight=False)
    console.print("Beside these: the majority class and TF-IDF with logistic regression. Nothing was spent.")


def _table(plan: StudyPlan) -> Table:
    title = f"{plan.name}: {sum(arm.seeds for arm in plan.arms)} runs, seeds {plan.seeds}; layers are counted from 0"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=0)
    table.add_column("arm", no_wrap=True)
    table.add_column("layers", justify="right")  # the one that breaks where a terminal is narrow
    for name in ("runs", "parameters", "trained", "rate", "tokens", "min"):
        table.add_column(name, justify="right", no_wrap=True)
    for arm in plan.arms:
        table.add_row(
            arm.arm, arm.layers, str(arm.seeds), f"{arm.parameters / 1e6:.2f}M", f"{arm.trainable / 1e6:.2f}M",
            arm.learning_rate, f"{arm.tokens / 1e6:.2f}M", f"{arm.seconds / 60:.1f}",
        )  # fmt: skip
    return table
