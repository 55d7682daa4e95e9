"""Pictures of results, as SVG."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportArgumentType=false
import io
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from potstill.domain.layer_search import LayerSearch

BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#8c8c8c"
"""Of Okabe and Ito's colours, which the colour-blind tell apart."""
STYLE: dict[str, Any] = {"svg.fonttype": "none", "svg.hashsalt": "potstill", "font.size": 10, "axes.spines.top": False,
    "axes.spines.right": False}  # fmt: skip


def picture_of_layers(search: LayerSearch) -> str:
    """Every choice by its rank, those that have a name marked; beside it what each layer by itself is worth."""
    with rc_context(STYLE):
        figure = Figure(figsize=(9.6, 4.2), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        _draw_choices(left, search)
        _draw_layers(right, search)
        return _svg(figure, f"{len(search.choices)} choices of {search.num_layers} of {search.depth} layers")


def _draw_choices(axes: Any, search: LayerSearch) -> None:
    ranks = range(1, len(search.choices) + 1)
    axes.plot(ranks, [choice.kl for choice in search.choices], ".", color=GREY, markersize=4)
    for name, kept in search.named().items():
        rank = search.rank(kept)
        kl = search.choices[rank - 1].kl
        axes.plot([rank], [kl], "o", color=ORANGE, markersize=6)
        axes.annotate(f"{name}, {rank}", (rank, kl), xytext=(5, -11), textcoords="offset points", fontsize=9)
    axes.set_yscale("log")
    axes.set_xlabel("rank among all choices")
    axes.set_ylabel("KL divergence to the teacher (nats)")
    axes.set_title(f"{len(search.choices):,} choices of {search.num_layers} layers, untrained", loc="left", fontsize=10)


def _draw_layers(axes: Any, search: LayerSearch) -> None:
    layers = range(search.depth)
    axes.bar([layer - 0.2 for layer in layers], search.influence, 0.4, color=BLUE, label="influence (1 - cosine)")
    other = axes.twinx()
    left_out = [choice.kl for choice in search.without]
    other.bar([layer + 0.2 for layer in layers], left_out, 0.4, color=ORANGE, hatch="//", label="KL without it (nats)")
    axes.set_xticks(list(layers))
    axes.set_xlabel("layer, counted from 0")
    axes.set_title("each layer by itself", loc="left", fontsize=10)
    bars = [*axes.get_legend_handles_labels()[0], *other.get_legend_handles_labels()[0]]
    axes.legend(handles=bars, fontsize=8, frameon=False)


def _svg(figure: Figure, words: str) -> str:
    """The picture, with its words for whoever does not see it, the same bytes for the same numbers."""
    content = io.StringIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Title": words})
    return content.getvalue()
