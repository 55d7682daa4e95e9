"""Charts of results, as SVG that takes the colour of the text around it."""

import io
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from matplotlib import rc_context  # pyright: ignore[reportUnknownVariableType] - one parameter has no complete type
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from potstill.analysis.curves import Learning, PrecisionRecall, Reliability
from potstill.analysis.report import Report
from potstill.analysis.rows import KeptLayers
from potstill.analysis.tradeoffs import TradeOff
from potstill.domain.layer_search import LayerSearch

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, RED = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#b8a000", "#56b4e9", "#d55e00"
)  # fmt: skip
"""Okabe and Ito's colours, which the colour-blind tell apart; the yellow darker, to be seen on white."""
GREY = "#8c8c8c"
COLOURS = [BLUE, RED, GREEN, PINK, SKY, ORANGE, YELLOW]
MARKS = "osD^vPX*<>hd"
"""An arm has a mark of its own, so that nothing is told by colour alone."""
LINES: list[Any] = ["-", "--", "-.", ":"]
STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "font.size": 11, "axes.spines.top": False, "axes.spines.right": False,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none", "legend.frameon": False,
    "legend.fontsize": 9, "axes.titlesize": 11,
}  # fmt: skip
SMALL = (5.2, 3.7)
"""Inches; a phone shows it at two thirds, and its letters can still be read."""
APART = 9
"""Points between marks that would cover each other."""
FAR = 8
"""Margins."""
CostName = Literal["megabytes", "milliseconds"]
UNITS: dict[CostName, str] = {"megabytes": "weights, MB", "milliseconds": "milliseconds per text, in the lab"}


def chart(name: str, words: str, draw: Callable[[Any], None], size: tuple[float, float] = SMALL) -> str:
    """What `draw` draws on a figure: the same bytes for the same numbers; `words` are for whoever does not see it."""
    with cast(Any, rc_context)({**STYLE, "svg.hashsalt": name}):
        figure: Any = Figure(figsize=size, layout="constrained")  # its methods have no complete types
        draw(figure)
        content = io.StringIO()
        figure.savefig(content, format="svg", metadata={"Date": None, "Title": words})
    # Black is the colour of the text; a page may be dark.
    return content.getvalue().replace("#000000", "currentColor")


# --- what compression costs ---------------------------------------------------------------------------------------


def tradeoff(report: Report, cost: CostName) -> str:
    """Quality against `megabytes` or `milliseconds`, with the margin, the intervals and the Pareto front."""
    points = [point for point in report.trade_offs if _cost_of(point, cost) is not None]

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.axhspan(-report.margin, 0, color=GREY, alpha=0.18, lw=0)
        axes.axhline(0, color=GREY, lw=1)
        _draw_front(axes, points, cost)
        for number, (point, aside) in enumerate(
            zip(points, asides([_cost_of(p, cost) or 0.0 for p in points]), strict=True)
        ):
            _draw_point(axes, point, cost, number, aside)
        axes.set_xlabel(UNITS[cost])
        axes.set_ylabel("test PR-AUC minus the teacher's")
        axes.set_xlim(0, max((_reach(point, cost) for point in points), default=1.0) * 1.06)
        floor = min((point.low for point in points if not is_far(point, report.margin)), default=0.0)
        axes.set_ylim(bottom=min(floor, -report.margin) - report.margin / 2)
        figure.legend(loc="outside lower center", ncols=3)

    words = f"Quality against {UNITS[cost]}: {len(points)} models"
    return chart(cost, words, draw, _legend_below(len(points)))


def is_far(point: TradeOff, margin: float) -> bool:
    """Whether it is so far below that the rest would be a line: it stands below the picture's edge."""
    return point.difference < -FAR * margin


def _cost_of(point: TradeOff, cost: CostName) -> float | None:
    return point.megabytes if cost == "megabytes" else point.milliseconds


def _legend_below(count: int) -> tuple[float, float]:
    """The size of a picture with so many names below it."""
    return SMALL[0], SMALL[1] + 0.22 * -(-count // 3)


def _reach(point: TradeOff, cost: CostName) -> float:
    """How far to the right a mark and its bar go."""
    spread = point.milliseconds_spread if cost == "milliseconds" else None
    return (_cost_of(point, cost) or 0.0) + (spread or 0.0)


def asides(costs: Sequence[float]) -> list[float]:
    """How far to the side each mark is drawn, in points: those that cost the same, to a fiftieth of the axis, would
    cover each other."""
    width = max(costs, default=0.0)
    asides = [0.0] * len(costs)
    order = sorted(range(len(costs)), key=lambda place: costs[place])
    while order:
        near = [place for place in order if costs[place] - costs[order[0]] <= width / 50]
        for rank, place in enumerate(sorted(near)):
            asides[place] = APART * (rank - (len(near) - 1) / 2)
        order = order[len(near) :]
    return asides


def _draw_point(axes: Any, point: TradeOff, cost: CostName, number: int, aside: float) -> None:
    spread = point.milliseconds_spread if cost == "milliseconds" else None
    beside = ScaledTranslation(aside / 72, 0, axes.figure.dpi_scale_trans)
    axes.errorbar(
        [_cost_of(point, cost)], [point.difference],
        yerr=[[point.difference - point.low], [point.high - point.difference]],
        xerr=[[spread], [spread]] if spread else None, fmt=MARKS[number % len(MARKS)], label=point.arm, capsize=3,
        color=COLOURS[number % len(COLOURS)], markersize=7, transform=axes.transData + beside,
    )  # fmt: skip


def _draw_front(axes: Any, points: Sequence[TradeOff], cost: CostName) -> None:
    on_front = [point for point in points if (point.smallest if cost == "megabytes" else point.quickest)]
    front = sorted((_cost_of(point, cost) or 0.0, point.difference) for point in on_front)
    if len(front) > 1:
        axes.step([x for x, _ in front], [y for _, y in front], where="post", color=GREY, lw=1, ls="--")


# --- curves -------------------------------------------------------------------------------------------------------


def learning(curves: Sequence[Learning]) -> str:
    """PR-AUC on validation after each epoch, a line for each training."""
    arms = list(dict.fromkeys(curve.arm for curve in curves))
    first = {curve.arm: number for number, curve in reversed(list(enumerate(curves)))}

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            shown = [(point.step, point.validation_pr_auc) for point in curve.points if point.validation_pr_auc]
            place, is_first = arms.index(curve.arm), first[curve.arm] == number
            axes.plot(
                [x for x, _ in shown], [y for _, y in shown], marker=MARKS[place % len(MARKS)], markersize=4, lw=1.2,
                color=COLOURS[place % len(COLOURS)], alpha=1 if is_first else 0.45,
                label=curve.arm if is_first else None,
            )  # fmt: skip
        axes.set_xlabel("training steps")
        axes.set_ylabel("PR-AUC on validation")
        figure.legend(loc="outside lower center", ncols=3)

    words = f"PR-AUC on validation while {len(arms)} models are trained"
    return chart("learning", words, draw, _legend_below(len(arms)))


def precision_recall(curves: Sequence[PrecisionRecall]) -> str:
    """Precision at each recall, with the thresholds."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for number, curve in enumerate(curves):
            steps = [place / (len(curve.precision) - 1) for place in range(len(curve.precision))]
            axes.plot(steps, curve.precision, color=COLOURS[number], ls=LINES[number], lw=1.6, label=curve.arm)
            if curve.chosen:
                (recall, precision), label = curve.chosen, f"{curve.arm}, threshold"
                axes.plot([recall], [precision], MARKS[number], color=COLOURS[number], ms=8, label=label)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("recall")
        axes.set_ylabel("precision")
        axes.legend(loc="lower left")

    return chart("precision-recall", "Precision at every recall on test", draw)


def reliability(curves: Sequence[Reliability]) -> str:
    """How often what was stated came true, after the temperature and before it."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, lw=1)
        for number, curve in enumerate(curves):
            colour, mark = COLOURS[number], MARKS[number]
            for bins, words, line in ((curve.after, "", "-"), (curve.before, ", before the temperature", ":")):
                axes.plot(
                    [bin.stated for bin in bins], [bin.true for bin in bins], marker=mark, ms=5, ls=line, lw=1.3,
                    color=colour, label=curve.arm + words,
                )  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        axes.set_xlabel("stated probability")
        axes.set_ylabel("how often it came true")
        axes.legend(loc="upper left")

    return chart("reliability", "Stated probabilities against what came true on test", draw)


# --- layers -------------------------------------------------------------------------------------------------------


def kept_layers(arms: Sequence[KeptLayers]) -> str:
    """Which layers each arm keeps: a full square for a kept one, its place in the student where the order changed."""

    def draw(figure: Any) -> None:
        axes = figure.subplots()
        for row, layers in enumerate(arms):
            _draw_kept(axes, row, layers)
        axes.set_yticks(range(len(arms)), [layers.arm for layers in arms])
        axes.set_xticks(range(max(layers.depth for layers in arms)))
        axes.set_ylim(len(arms) - 0.5, -0.5)
        axes.set_xlim(-0.6, max(layers.depth for layers in arms) - 0.4)
        axes.set_xlabel("layer of the teacher, counted from 0")
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)

    return chart("layers", f"The layers that {len(arms)} models keep", draw, (5.2, 0.9 + 0.34 * len(arms)))


def _draw_kept(axes: Any, row: int, layers: KeptLayers) -> None:
    for layer in range(layers.depth):
        is_kept = layer in layers.kept
        axes.plot(
            [layer], [row], "s", ms=11, color=BLUE if is_kept else GREY, fillstyle="full" if is_kept else "none",
            alpha=1 if is_kept else 0.6,
        )  # fmt: skip
        if is_kept and layers.kept != sorted(layers.kept):
            axes.text(layer, row, str(layers.kept.index(layer) + 1), ha="center", va="center", color="white")


def layer_search(search: LayerSearch) -> str:
    """Every choice by its rank, those that have a name marked; beside it what each layer by itself is worth."""

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2, width_ratios=[3, 2])
        _draw_choices(left, search)
        _draw_layers(right, search)

    words = f"{len(search.choices)} choices of {search.num_layers} of {search.depth} layers"
    return chart(f"search-{search.num_layers}", words, draw, (9.6, 4.2))


def _draw_choices(axes: Any, search: LayerSearch) -> None:
    ranks = range(1, len(search.choices) + 1)
    axes.plot(ranks, [choice.kl for choice in search.choices], ".", color=GREY, markersize=4)
    names: dict[int, list[str]] = {}
    for name, kept in search.named().items():
        names.setdefault(search.rank(kept), []).append(name)
    for number, rank in enumerate(sorted(names)):
        kl, words = search.choices[rank - 1].kl, f"{', '.join(names[rank])}: {rank}"
        axes.plot([rank], [kl], "o", color=RED, markersize=6)
        # In turns above to the left and below to the right: neighbours would cover each other's names.
        place, side = ((-3, 7), "right") if number % 2 == 0 else ((3, -13), "left")
        axes.annotate(words, (rank, kl), xytext=place, ha=side, textcoords="offset points", fontsize=9)
    if all(choice.kl > 0 for choice in search.choices):  # none is, of a model that answers every row alike
        axes.set_yscale("log")
    axes.margins(x=0.12, y=0.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter("{x:.2g}")
    axes.yaxis.set_minor_formatter("{x:.2g}")
    axes.set_xlabel("rank among all choices")
    axes.set_ylabel("KL divergence to the teacher (nats)")
    axes.set_title(f"{len(search.choices):,} choices of {search.num_layers} layers, untrained", loc="left")


def _draw_layers(axes: Any, search: LayerSearch) -> None:
    layers = range(search.depth)
    axes.bar([layer - 0.2 for layer in layers], search.influence, 0.4, color=BLUE, label="influence (1 - cosine)")
    right = axes.twinx()
    left_out = [choice.kl for choice in search.without]
    right.bar([layer + 0.2 for layer in layers], left_out, 0.4, color=RED, hatch="//", label="KL without it (nats)")
    axes.set_xticks(list(layers))
    axes.set_xlabel("layer, counted from 0")
    axes.set_title("each layer by itself", loc="left")
    bars = [*axes.get_legend_handles_labels()[0], *right.get_legend_handles_labels()[0]]
    axes.legend(handles=bars, fontsize=8)
