"""Make transformer text classifiers small, and say honestly what that cost.

The commands are functions here, by the same names:

    from potstill import plan, predict, report, run

    print(run("tickets.toml").answer)
    print(predict("runs/tickets", ["Thanks, that solved it."]))

What a name needs is loaded when the name is asked for: importing this alone loads nothing, and only what trains or
opens a model loads torch.
"""

import sys
from importlib import import_module
from types import ModuleType

__version__ = "0.1.0"

# The types of these names stand in __init__.pyi.
_HOMES = {
    "plan": "potstill.api.plan",
    "run": "potstill.api.study",
    "tune": "potstill.api.study",
    "TuningResult": "potstill.api.study",
    "layers": "potstill.api.study",
    "report": "potstill.api.results",
    "pack": "potstill.api.results",
    "upgrade": "potstill.api.results",
    "open_model": "potstill.api.saved_models",
    "export": "potstill.api.models",
    "BundleTexts": "potstill.api.models",
    "fetch": "potstill.api.encoders",
    "predict": "potstill.api.bundles",
    "open_bundle": "potstill.api.bundles",
    "Opening": "potstill.api.bundles",
    "score": "potstill.api.scoring",
    "FileFormats": "potstill.api.scoring",
    "ScoreResult": "potstill.scoring.score",
    "serve": "potstill.api.serving",
    "Access": "potstill.api.serving",
    "Source": "potstill.data.source",
    "Tolerance": "potstill.export.checks",
    "ReadAs": "potstill.domain.read_as",
    "PotstillError": "potstill.domain.errors",
}
__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll] - one list of the names is enough


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """This package: its functions `report` and `export` are not hidden by the rooms of the same names.

    The import system makes a package that it has loaded an attribute of the package around it. The rooms are found
    without that.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
