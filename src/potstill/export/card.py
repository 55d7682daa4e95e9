"""A bundle's README."""

from potstill.export.short_texts import describe
from potstill.inference.info import BundleInfo, EngineInfo


def bundle_card(info: BundleInfo) -> str:
    """What it is, how to use it, and what each engine costs in quality."""
    head = [
        f"# {info.name}",
        f"{info.description[:1].upper()}{info.description[1:]}.",
        f"Labels: {', '.join(info.task.labels)}."
        + (f" Teacher layers kept, counted from 0: {info.layers}." if info.layers else ""),
        _decision(info),
        '```\npotstill score comments.csv -o scored.csv --bundle FOLDER\npotstill predict FOLDER "a comment"\n```',
        "| engine | MB | decided otherwise than fp32 | change of PR-AUC (95 % interval) | in batches | texts/s |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(_line(name, engine) for name, engine in _rows(info).items()),
    ]
    head += ["\n".join(f"- {name} is left out: {why}." for name, why in info.refused.items())] if info.refused else []
    head += [
        "Measured on validation rows on the machine that made the bundle; the speed is its own and says something only "
        "beside the other engines'. A score says how sure the model is, not how bad a comment is; let a person decide."
    ]
    return "\n\n".join(head) + "\n"


def _rows(info: BundleInfo) -> dict[str, EngineInfo]:
    """The engines, and for comparison the lab's."""
    return {**info.engines} | ({"torch, in the lab alone": info.torch} if info.torch else {})


def _decision(info: BundleInfo) -> str:
    long = "is read in overlapping windows, the strongest counts" if info.long == "windows" else "is cut"
    long_texts = f"A text longer than {info.max_length} tokens {long}."
    cuts = zip(
        info.task.labels, info.calibration.thresholds, strict=False
    )  # there are none where one label is decided on
    if info.calibration.threshold and info.task.positive:
        cuts = [(info.task.positive, info.calibration.threshold)]
    said = [
        f"It is called {label} from a probability of {threshold.value:.3f} ({threshold.rule}): "
        f"precision {threshold.precision:.2f}, recall {threshold.recall:.2f} on validation."
        for label, threshold in cuts
    ]
    return " ".join([long_texts, *said, _languages(info), _short_texts(info)]).rstrip()


def _languages(info: BundleInfo) -> str:
    if not info.languages:
        return "Its languages are not declared."
    return f"It is for texts in {', '.join(info.languages)} (ISO 639); what it says of others means nothing."


def _short_texts(info: BundleInfo) -> str:
    return f"Of our own list, {describe(info.short_texts)}." if info.short_texts else ""


def _line(name: str, engine: EngineInfo) -> str:
    checks = engine.checks
    change = "-"
    if checks.pr_auc_change is not None:
        change = f"{checks.pr_auc_change:+.4f} ({checks.pr_auc_low:+.4f} to {checks.pr_auc_high:+.4f})"
    speed = ", ".join(f"{speed:.0f} ({cpu})" for cpu, speed in engine.texts_per_second.items())
    batches = "yes" if engine.may_batch else "no, one text at a time"
    return f"| {name} | {engine.bytes / 1e6:.1f} | {checks.flips:.2%} | {change} | {batches} | {speed} |"
