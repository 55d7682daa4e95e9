"""The course assignment: students of the odd and the even layers of a 12-layer teacher, LoRA, and one table."""

# %% [markdown]
# # Odd layers, even layers, LoRA
# The assignment asks for BERT-base, fine-tuned on comments labelled toxic or not, and three ways of making less of it:
# a student of its odd layers, one of its even layers, both of 6 and distilled from it, and LoRA on all 12. Which is
# best?
#
# Here the teacher is trained before it teaches, each student starts from the layers that it is named after, LoRA's head
# is trained too, and what comes out has an interval over rows and seeds. `docs/results/assignment.md` shows what each
# of these is worth.

# %%
from pathlib import Path

from potstill import plan, run

# %% [markdown]
# As they stand, these settings take hours without a GPU. It is minutes, with 6 layers and the built-in comments, for
# `ENCODER = "minilm"`, `ROWS = "builtin:pilot"`, `DATA = ""`, `SPLITS = False`.

# %% tags=["parameters"]
ENCODER = "google-bert/bert-base-uncased"  # with 12 layers
ROWS = "hub:OxAISH-AL-LLM/wiki_toxic@refs/convert/parquet"
DATA = """
text = "comment_text"
label = "label"
labels = { 0 = "not toxic", 1 = "toxic" }
on_leak = "drop"
"""  # what else the table [data] says: docs/data.md
SPLITS = True  # whether ROWS has splits of its own for validation and test; else they are cut from it
SEEDS = [0, 1, 2]
TEACHER_EPOCHS = 2
EPOCHS = 2
LEARNING_RATE = 5e-5
MAX_LENGTH = 128

# %% [markdown]
# ## The study
# The names count from 1, as the literature does: of 12 layers, counted from 0, "odd" keeps 0, 2, 4, 6, 8, 10 and "even"
# keeps 1, 3, 5, 7, 9, 11.

# %%
splits = f'validation = "{ROWS}"\ntest = "{ROWS}"' if SPLITS else ""
STUDY = Path("assignment.toml")
STUDY.write_text(f"""\
name = "assignment"
seeds = {SEEDS}

[data]
train = "{ROWS}"
{splits}
{DATA}
[teacher]
encoder = "{ENCODER}"
epochs = {TEACHER_EPOCHS}

[training]
epochs = {EPOCHS}
learning_rate = {LEARNING_RATE}
max_length = {MAX_LENGTH}

[rule.questions]
"Do the odd layers differ from the even ones?" = ["odd", "even"]

[arms.odd]
kind = "student"
keep = "odd"

[arms.even]
kind = "student"
keep = "even"

[arms.lora]
kind = "lora"
target_modules = ["query", "value"]
""")
for planned in plan(STUDY).arms:
    print(f"{planned.arm:20} {planned.layers:28} {planned.seeds} runs, about {planned.seconds / 60:.0f} minutes in all")

# %% [markdown]
# ## The run
# The majority class, two classifiers that count words, and the same students without a teacher or without any training
# come by themselves: without them no figure means much.

# %%
report = run(STUDY)

# %% [markdown]
# ## The table
# Mean and standard deviation over seeds, on the test rows. Accuracy says little where most comments are harmless: look
# at the row `majority`.

# %%
print(f"{'arm':20} {'layers':28} {'accuracy':16} {'PR-AUC':16} parameters")
for row in report.rows:
    accuracy, pr_auc = (
        f"{figure.mean:.3f}" + ("" if figure.spread is None else f" ± {figure.spread:.3f}")
        for figure in (row.figures["accuracy"], row.figures["pr_auc"])
    )
    print(f"{row.arm:20} {row.layers:28} {accuracy:16} {pr_auc:16} {row.figures['parameters'].mean / 1e6:.2f} M")

# %% [markdown]
# ## The answer

# %%
print(report.answer)
for difference in report.differences:
    if difference.question:
        interval = f"95 % interval {difference.low:+.3f} to {difference.high:+.3f}"
        print(f"{difference.question} {difference.estimate:+.3f} PR-AUC, {interval}")
