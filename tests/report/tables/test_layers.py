from itertools import combinations

from potstill.domain.layer_search import Choice, LayerSearch
from potstill.report import charts
from potstill.report.tables.layers import NEAREST, build_layer_document, layer_tables

CHOICES = [
    Choice(kept=kept, kl=0.1 * n, pr_auc=None if n else 0.75) for n, kept in enumerate(combinations(range(6), 3))
]
SEARCH = LayerSearch(
    depth=6, num_layers=3, rows=512, pr_auc=0.8, choices=CHOICES, influence=[0.1] * 6,
    without=[Choice(kept=(0,), kl=0.5, pr_auc=None)] * 6, greedy=CHOICES[-1],
)  # fmt: skip


def test_the_nearest_choices_and_those_that_have_a_name_are_shown_with_their_rank() -> None:
    choices, single = layer_tables(SEARCH)
    assert [line[0] for line in choices.body][:NEAREST] == ["1", "2", "3", "4", "5"]
    names = {line[1]: line[2] for line in choices.body}
    assert names["[0,1,2]"] == "first, influence"
    assert names["[1,3,5]"] == "even"
    assert names["[0,1,3]"] == "-"
    assert choices.body[0][4] == "0.750"
    assert choices.body[-1][:2] == ["20", "[3,4,5]"]
    assert len(single.body) == 6
    assert single.body[0] == ["0", "0.100", "0.5000", "-"]


def test_a_search_by_itself_has_a_page() -> None:
    document = build_layer_document(SEARCH, "a/model")
    assert document.title == "Layers of a/model"
    assert document.answer.startswith("Of 20 choices of 3 of 6 layers, [0,1,2] come closest to the whole model")
    assert "even " in document.answer


def test_nothing_is_told_of_a_model_that_is_no_better_than_chance() -> None:
    alike = [choice.model_copy(update={"kl": 0.0}) for choice in CHOICES]
    constant = SEARCH.model_copy(update={"pr_auc": 1 / 3, "chance": 1 / 3, "choices": alike})
    answer = build_layer_document(constant, "a/model").answer
    assert answer.startswith(
        "Nothing can be told: the whole model tells these rows apart no better than chance (PR-AUC 0.3"
    )
    assert charts.layer_search(constant).rstrip().endswith("</svg>"), "without a logarithm of 0"
