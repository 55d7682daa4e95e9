from pathlib import Path

import pytest

from potstill.domain.errors import StudyError
from potstill.recipes.finetune import Finetune
from potstill.recipes.student import Student
from potstill.recipes.untrained import Untrained
from potstill.study.pilot import pilot_study
from potstill.study.plan import plan_runs, plan_trials, teacher_training
from potstill.study.study_file import parse_study, read_study

SMALL = """
name = "small"
seeds = [0, 1]
[teacher]
encoder = "minilm"
[arms.even]
kind = "student"
[arms.lora]
kind = "lora"
"""


OWN = sorted((Path(__file__).parents[2] / "studies").glob("*.toml"))


@pytest.mark.parametrize("path", OWN, ids=[path.stem for path in OWN])
def test_the_projects_own_studies_are_read(path: Path) -> None:
    assert read_study(path).name == path.stem


def study_from(tmp_path: Path, text: str = SMALL) -> Path:
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ("[arms.odd]\nkind = 'student'\nkep = 'odd'", "arms.odd.kep: there is no such key; did you mean 'keep'?"),
        ("[trainig]\nepochs = 3", "trainig: there is no such key; did you mean 'training'?"),
        ("[training]\nepoch = 3", "training.epoch: there is no such key; did you mean 'epochs'?"),
        ("[data]\ntrain = { path = 'a.csv', smaple = 3 }", "smaple: there is no such key; did you mean 'sample'?"),
        ("[training]\nepochs = 0", "training.epochs: Input should be greater than or equal to 1"),
        ("[arms.x]\nkind = 'studnet'", "'studnet' found using 'kind' does not match"),
        ("[arms.teacher]\nkind = 'student'", "taken by rows that the study adds itself"),
        ("[arms.x]\nkind='student'\nkeep=[1, 0]\nreorder=true", 'arm "x" puts layers in another order'),
        ("[arms.x]\nkind='student'\nteacher='untrained'", "[gates.waive] random_teacher ="),
        ("[arms.x]\nkind='lora'\ntrain_head=false", "leaves a random head frozen"),
        ("[gates.waive]\nrandom_teachr = 'why'", "random_teachr"),
        ("[gates.waive]\nfrozen_head = ''", "gates.waive.frozen_head"),
        ("seeds = [1]", "is not valid TOML"),
    ],
)
def test_a_wrong_study_names_the_file_the_key_and_the_way_out(tmp_path: Path, extra: str, message: str) -> None:
    path = study_from(tmp_path, SMALL + extra if "seeds" not in extra else extra + SMALL)
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_threshold_rule_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="best_f1"):
        read_study(study_from(tmp_path, 'threshold = "f1"' + SMALL))


def test_controls_follow_the_students(tmp_path: Path) -> None:
    text = SMALL + "[arms.odd]\nkind = 'student'\nkeep = 'odd'\n"
    arms = read_study(study_from(tmp_path, text)).all_arms()
    assert list(arms) == ["even", "lora", "odd", "finetune-even", "untrained-even", "untrained-odd"]
    every = read_study(study_from(tmp_path, "controls = 'all'\n" + text)).all_arms()
    assert isinstance(every["finetune-odd"], Finetune)
    assert every["finetune-odd"].plan(6).kept == (0, 2, 4)
    assert isinstance(every["untrained-odd"], Untrained)
    none = read_study(study_from(tmp_path, "controls = 'none'\n" + text)).all_arms()
    assert list(none) == ["even", "lora", "odd"]


def test_all_arms_of_a_seed_come_before_the_next_and_unseeded_ones_once(tmp_path: Path) -> None:
    specs = plan_runs(read_study(study_from(tmp_path)), {})
    assert [(spec.arm, spec.seed) for spec in specs] == [
        ("even", 0), ("lora", 0), ("finetune-even", 0), ("untrained-even", 0),
        ("even", 1), ("lora", 1), ("finetune-even", 1),
    ]  # fmt: skip


def test_lora_gets_ten_times_the_rate_unless_told(tmp_path: Path) -> None:
    study = read_study(study_from(tmp_path))
    rates = {spec.arm: spec.training.learning_rate for spec in plan_runs(study, {})}
    assert rates["lora"] == pytest.approx(10 * rates["even"])
    rates = {spec.arm: spec.training.learning_rate for spec in plan_runs(study, {"student": 3e-4, "lora": 2e-3})}
    assert rates["even"] == rates["finetune-even"] == 3e-4
    assert rates["lora"] == 2e-3


def test_every_family_without_a_rate_gets_the_same_rates(tmp_path: Path) -> None:
    text = SMALL + "[search]\nlearning_rates = [1e-4, 1e-3]\n"
    trials = plan_trials(read_study(study_from(tmp_path, text)))
    assert [(trial.family, trial.training.learning_rate) for trial in trials] == [
        ("teacher", 1e-4), ("teacher", 1e-3), ("student", 1e-4), ("student", 1e-3), ("lora", 1e-4), ("lora", 1e-3),
    ]  # fmt: skip


def test_a_rate_of_its_own_wins(tmp_path: Path) -> None:
    text = SMALL.replace('kind = "student"', 'kind = "student"\nlearning_rate = 7e-5')
    study = read_study(study_from(tmp_path, text))
    specs = plan_runs(study, {"student": 1e-3})
    assert {spec.training.learning_rate for spec in specs if isinstance(spec.recipe, Student)} == {7e-5}
    assert teacher_training(study, {"teacher": 2e-4}).learning_rate == 2e-4


def test_the_pilot_has_at_most_seven_arms_and_three_seeds() -> None:
    study = pilot_study()
    assert len(study.all_arms()) <= 7
    assert len(study.seeds) <= 3


def test_students_of_the_same_layers_share_their_untrained_control(tmp_path: Path) -> None:
    text = SMALL + "[arms.hot]\nkind = 'student'\nkeep = 'even'\ntemperature = 4\n"
    assert list(read_study(study_from(tmp_path, text)).all_arms()) == [
        "even",
        "lora",
        "hot",
        "finetune-even",
        "untrained-even",
    ]


def test_a_study_needs_an_arm() -> None:
    with pytest.raises(StudyError, match="arms"):
        parse_study({"name": "x", "teacher": {"encoder": "minilm"}, "arms": {}}, "here")


def test_a_waived_gate_lets_the_arm_run_with_its_reason(tmp_path: Path) -> None:
    extra = "[arms.x]\nkind='lora'\ntrain_head=false\n[gates.waive]\nfrozen_head = 'to see what it costs'\n"
    study = read_study(study_from(tmp_path, SMALL + extra))
    assert study.waived(study.arms["x"]) == {"frozen_head": "to see what it costs"}
    assert study.waived(study.arms["lora"]) == {}


def test_a_student_of_an_untrained_teacher_gets_no_controls(tmp_path: Path) -> None:
    extra = "[arms.x]\nkind='student'\nteacher='untrained'\n[gates.waive]\nrandom_teacher = 'why not'\n"
    assert "untrained-x" not in read_study(study_from(tmp_path, SMALL + extra)).all_arms()


@pytest.mark.parametrize(
    ("arm", "waived"),
    [("kind = 'lora'", ""), ("kind = 'student'\nteacher = 'untrained'", "[gates.waive]\nrandom_teacher = 'to see'\n")],
)
def test_an_arm_that_starts_from_an_encoder_asks_for_one_beside_a_fine_tuned_model(
    tmp_path: Path, arm: str, waived: str
) -> None:
    text = f"name = 'x'\n[data]\ntrain = 'a.csv'\n[teacher]\nmodel = 'mine'\n[arms.x]\n{arm}\n{waived}"
    with pytest.raises(StudyError, match=r'arm "x" starts from the pretrained encoder, and \[teacher\] names'):
        read_study(study_from(tmp_path, text))
    beside = text.replace("model = 'mine'", "model = 'mine'\nencoder = 'minilm'")
    assert read_study(study_from(tmp_path, beside)).teacher.model == "mine"
    if "lora" in arm:
        read_study(study_from(tmp_path, text.replace("'lora'", "'lora'\ninit = 'teacher'")))
