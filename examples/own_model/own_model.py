"""A fine-tuned model of your own and a CSV file: a smaller model, a report, a bundle, predictions."""

# %% [markdown]
# # Make a model of your own smaller
# You have a fine-tuned classifier and a file of texts with labels that it was not trained on. This makes a student of
# half its layers and a LoRA arm, says of each whether it is as good as what you have, and exports the student as a
# bundle, which answers quickly on a plain CPU and without torch.
#
# It needs `pip install 'potstill[lab]'`. Whatever was done once is not done again: run it a second time, and it only
# reads its results.

# %%
from pathlib import Path

from potstill import export, open_bundle, plan, run, score

# %% [markdown]
# Change these. Training, validation and test rows are cut from the file; rows of the same text stay together.

# %% tags=["parameters"]
MODEL = "my-model"  # a folder that `AutoModelForSequenceClassification` opens, or a Hub id
ROWS = "tickets.csv"
TEXT = "body"  # the column with the text
LABEL = "rude"  # the column with the label
LABELS = {"0": "polite", "1": "rude"}  # each value of that column, and what the model calls it, in the model's order
SEEDS = [0, 1, 2]
EPOCHS = 2
LEARNING_RATE = 1e-4
MAX_LENGTH = 128
ARM = None  # what to export: the picked arm, or one by its name, which is needed where the answer advises none
ENGINES = ("onnx-fp32", "onnx-int8")  # and "onnx-w8"; "openvino-bf16" and "openvino-int8" with the extra `openvino`
NEW_TEXTS = ["Thanks, that solved it.", "Are you too stupid to read the question?"]

# %% [markdown]
# ## The study
# One file says what is compared and what decides. It stays beside the results, and `potstill run own_model.toml` does
# the same as this page.

# %%
named = ", ".join(f'"{value}" = "{name}"' for value, name in LABELS.items())
STUDY = Path("own_model.toml")
STUDY.write_text(f"""\
name = "own_model"
seeds = {SEEDS}

[data]
train = "{ROWS}"
text = "{TEXT}"
label = "{LABEL}"
labels = {{ {named} }}

[teacher]
model = "{MODEL}"

[training]
epochs = {EPOCHS}
learning_rate = {LEARNING_RATE}
max_length = {MAX_LENGTH}

[arms.even]
kind = "student"
keep = "even"

[arms.lora]
kind = "lora"
init = "teacher"
""")

# %% [markdown]
# What would run, before anything is spent:

# %%
for planned in plan(STUDY).arms:
    print(f"{planned.arm:20} {planned.layers:24} {planned.seeds} runs, about {planned.seconds / 60:.0f} minutes in all")

# %% [markdown]
# ## The run
# If it is stopped, the same call continues.

# %%
report = run(STUDY)
print(report.answer)

# %% [markdown]
# Every arm's PR-AUC on the test rows, with the standard deviation over seeds, and its size. All tables and pictures:
# `potstill report runs/own_model`, which writes `report.html` there.

# %%
for row in report.rows:
    quality, size = row.figures["pr_auc"], row.figures["parameters"]
    spread = "" if quality.spread is None else f" ± {quality.spread:.3f}"
    print(f"{row.arm:20} {quality.mean:.3f}{spread:8} {size.mean / 1e6:8.2f} million parameters")

# %% [markdown]
# ## The bundle
# Each engine is compared with the model on the validation rows, and left out where it differs too much.

# %%
BUNDLE = Path("runs/own_model/bundle")
if not BUNDLE.exists():
    export("runs/own_model", BUNDLE, arm=ARM, engines=ENGINES)

# %% [markdown]
# ## Predictions
# Opening a bundle needs neither torch nor transformers.

# %%
bundle = open_bundle(BUNDLE)
for text, prediction in zip(NEW_TEXTS, bundle.predict(NEW_TEXTS), strict=True):
    if prediction:  # there is none where the model can read nothing in a text
        print(f"{prediction.label} ({prediction.probability:.2f}): {text}")

# %% [markdown]
# The same for a whole file of any size, which keeps its columns; `prefix` keeps the added ones apart from them. Here it
# is the file from above.

# %%
scored = score(ROWS, "scored.csv", BUNDLE, text=TEXT, prefix="pred_")
print(scored.tally.scored, "rows in scored.csv")
