"""The notebooks are those of the scripts."""

from pathlib import Path

import pytest
from make_notebooks import EXAMPLES, as_file, notebook_of

SCRIPT = '''"""What it is."""

# %% [markdown]
# # A title
#
# Words.

# %% tags=["parameters"]
ROWS = "rows.csv"

# %%
print(ROWS)
'''


@pytest.mark.parametrize("script", sorted(EXAMPLES.glob("*/*.py")), ids=lambda path: path.stem)
def test_a_notebook_is_its_script(script: Path) -> None:
    notebook = script.with_suffix(".ipynb").read_text(encoding="utf-8")
    made = as_file(notebook_of(script.read_text(encoding="utf-8")))
    assert notebook == made, f"{script.with_suffix('.ipynb')} is not its script: make notebooks"


def test_cells_of_a_script() -> None:
    cells = notebook_of(SCRIPT)["cells"]
    assert [(cell["cell_type"], "".join(cell["source"]), cell["metadata"]) for cell in cells] == [
        ("markdown", "# A title\n\nWords.", {}),
        ("code", 'ROWS = "rows.csv"', {"tags": ["parameters"]}),
        ("code", "print(ROWS)", {}),
    ]
