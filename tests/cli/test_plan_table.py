import io

from rich.console import Console

from potstill.cli.plan_table import print_plan
from potstill.study.estimate import PlannedArm, StudyPlan


def test_a_plan_is_an_account_a_table_and_a_sum() -> None:
    arms = [
        PlannedArm("teacher", "fine-tuned", "all 6", 1, 22_710_000, 22_710_000, "0.0001", 1_000_000, 90.0),
        PlannedArm("even", "even layers", "[1,3,5] of 6", 3, 17_390_000, 17_390_000, "0.0001", 3_000_000, 150.0),
    ]
    plan = StudyPlan("tickets", [0, 1, 2], ["a[bold].csv: 9 rows = 9 used"], arms, "a processor", "About ± 0.05.")
    shown = io.StringIO()
    print_plan(plan, Console(file=shown, width=100))
    lines = [" ".join(line.split()) for line in shown.getvalue().splitlines() if line.strip()]
    assert lines[0] == "a[bold].csv: 9 rows = 9 used", "what a file is called is no markup"
    assert lines[1] == "tickets: 4 runs, seeds [0, 1, 2]; layers are counted from 0"
    assert lines[2] == "arm layers runs parameters trained rate tokens min"
    assert "teacher all 6 1 22.71M 22.71M 0.0001 1.00M 1.5" in lines
    assert lines[-3:] == [
        "About 4 minutes of training on this machine (a processor); within a factor of two.",
        "About ± 0.05.",
        "Beside these: the majority class and TF-IDF with logistic regression. Nothing was spent.",
    ]
