"""The tables of a search for layers, and its page where there is no study around it."""

from potstill.domain.layer_search import Choice, LayerSearch
from potstill.report.tables.table import Document, Table, score

NEAREST = 5
"""So many choices of layers are shown, beside those that have a name."""


def build_layer_document(search: LayerSearch, name: str) -> Document:
    """A search for layers by itself."""
    best, ranks = search.best, {rule: search.rank(kept) for rule, kept in search.named().items()}
    places = ", ".join(f"{rule} {rank}" for rule, rank in ranks.items())
    answer = (
        f"Of {len(search.choices):,} choices of {search.num_layers} of {search.depth} layers, {_layers(best)} come "
        f"closest to the whole model's answers: KL {best.kl:.4f}, PR-AUC {score(best.pr_auc)} (the whole model: "
        f"{score(search.pr_auc)}). Ranks of other choices: {places}. None of them is trained; distillation changes "
        "them all."
    )
    if search.tells_nothing:
        answer = (
            f"Nothing can be told: the whole model tells these rows apart no better than chance (PR-AUC "
            f"{score(search.pr_auc)}, chance {score(search.chance)}), and layers that answer as it does are worth as "
            "little. Name a model that has learned the task, or rows of it."
        )
    return Document(f"Layers of {name}", answer, layer_tables(search), [])


def layer_tables(search: LayerSearch) -> list[Table]:
    """The choices, and each layer by itself."""
    return [_choices(search), _single_layers(search)]


def _choices(search: LayerSearch) -> Table:
    """The nearest choices, then those that have a name, each with its rank among all."""
    names: dict[tuple[int, ...], list[str]] = {
        kept: [] for kept in (choice.kept for choice in search.choices[:NEAREST])
    }
    for name, kept in search.named().items():
        names.setdefault(kept, []).append(name)
    named = [search.choices[search.rank(kept) - 1] for kept in names]
    body = [
        [
            str(search.rank(choice.kept)),
            _layers(choice),
            ", ".join(names[choice.kept]) or "-",
            f"{choice.kl:.4f}",
            score(choice.pr_auc),
        ]
        for choice in sorted(named, key=lambda choice: (choice.kl, choice.kept))
    ]
    title = (
        f"Layers before any training: {len(search.choices):,} choices of {search.num_layers} of {search.depth}, on "
        f"{_rows(search)}; the teacher's PR-AUC there is {score(search.pr_auc)}"
    )
    return Table("layers", title, ["rank", "layers", "called", "KL to the teacher", "PR-AUC"], body)


def _rows(search: LayerSearch) -> str:
    """The rows, and how far what is learned on them holds for others."""
    left_out = f" ({search.trained_on:,} that it was trained on are left out)" if search.trained_on else ""
    about = {
        "held out": " held out",
        "not trained on": f" that the model was not trained on{left_out}",
        "not known": "; nobody says whether the model was trained on them",
        "trained on": f", of which the model was trained on {search.trained_on:,} and knows their labels",
    }[search.novelty]
    return f"{search.rows:,} rows{about}"


def _single_layers(search: LayerSearch) -> Table:
    body = [
        [str(layer), f"{influence:.3f}", f"{without.kl:.4f}", score(without.pr_auc)]
        for layer, (influence, without) in enumerate(zip(search.influence, search.without, strict=True))
    ]
    head = ["layer", "influence", "KL without it", "PR-AUC without it"]
    return Table("layers", f"Each of the teacher's {search.depth} layers by itself", head, body)


def _layers(choice: Choice) -> str:
    return f"[{','.join(map(str, choice.kept))}]"
