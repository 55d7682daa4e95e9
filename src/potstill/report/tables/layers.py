"""The tables of a search for layers."""

from potstill.domain.layer_search import Choice, LayerSearch
from potstill.report.sheets import Page, Sheet

NEAREST = 5
"""So many choices of layers are shown, beside those that have a name."""


def lay_out_layers(search: LayerSearch, name: str) -> Page:
    """The page of a search for layers by itself."""
    best, ranks = search.best, {rule: search.rank(kept) for rule, kept in search.named().items()}
    places = ", ".join(f"{rule} {rank}" for rule, rank in ranks.items())
    answer = (
        f"Of {len(search.choices):,} choices of {search.num_layers} of {search.depth} layers, {_layers(best)} answer "
        f"most as the whole model does: KL {best.kl:.4f}, PR-AUC {_score(best.pr_auc)} (the whole model's "
        f"{_score(search.pr_auc)}). Ranks of others: {places}. All are untrained; distilling moves every choice."
    )
    return Page(f"Layers of {name}", answer, layer_sheets(search), [])


def layer_sheets(search: LayerSearch) -> list[Sheet]:
    """Its tables: the choices, and each layer by itself."""
    return [_choices(search), _single_layers(search)]


def _choices(search: LayerSearch) -> Sheet:
    """The nearest choices, then those that have a name, each with its rank among all."""
    names: dict[tuple[int, ...], list[str]] = {
        kept: [] for kept in (choice.kept for choice in search.choices[:NEAREST])
    }
    for name, kept in search.named().items():
        names.setdefault(kept, []).append(name)
    chosen = sorted((search.choices[search.rank(kept) - 1] for kept in names), key=lambda one: (one.kl, one.kept))
    body = [
        [
            str(search.rank(one.kept)),
            _layers(one),
            ", ".join(names[one.kept]) or "-",
            f"{one.kl:.4f}",
            _score(one.pr_auc),
        ]
        for one in chosen
    ]
    title = (
        f"Layers before any training: {len(search.choices):,} choices of {search.num_layers} of {search.depth}, on "
        f"{search.rows:,} rows held out; the teacher's PR-AUC there is {_score(search.pr_auc)}"
    )
    return Sheet("layers", title, ["rank", "layers", "called", "KL to the teacher", "PR-AUC"], body)


def _single_layers(search: LayerSearch) -> Sheet:
    body = [
        [str(layer), f"{influence:.3f}", f"{without.kl:.4f}", _score(without.pr_auc)]
        for layer, (influence, without) in enumerate(zip(search.influence, search.without, strict=True))
    ]
    head = ["layer", "influence", "KL without it", "PR-AUC without it"]
    return Sheet("layers", f"Each of the teacher's {search.depth} layers by itself", head, body)


def _layers(choice: Choice) -> str:
    return f"[{','.join(map(str, choice.kept))}]"


def _score(score: float | None) -> str:
    return "-" if score is None else f"{score:.3f}"
