"""A moderation server of your own that programs written for the Perspective API ask as they asked Perspective."""

# %% [markdown]
# # Ask your own server instead of Perspective
# Perspective's service ends with 2026. `potstill serve` answers `comments:analyze` in its protocol, so that a program
# keeps its code and changes one address. What answers is a bundle, here the one that `examples/own_model` made, on this
# machine; nothing is stored, and nothing is sent to anywhere else.
#
# The server needs `pip install potstill`, without torch; Google's client is `pip install google-api-python-client`.

# %%
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager

from googleapiclient.discovery import build

# %% tags=["parameters"]
BUNDLE = "runs/own_model/bundle"
PORT = 8000
KEY = "a-key-of-your-own"
COMMENTS = ["Thanks, that solved it.", "You are a fool. Please read the manual."]

# %% [markdown]
# ## The server
# In production it runs by itself: `POTSTILL_KEY=... potstill serve BUNDLE --port 8000`. Here it starts and ends with
# this page.


# %%
@contextmanager
def running_server() -> Generator[str]:
    """The address of a server that is ready."""
    command = [sys.executable, "-m", "potstill", "serve", BUNDLE, "--port", str(PORT)]
    process = subprocess.Popen(command, env={**os.environ, "POTSTILL_KEY": KEY})
    try:
        address = f"http://127.0.0.1:{PORT}"
        while not is_ready(address):
            if process.poll() is not None:
                raise RuntimeError("the server did not start; it said why above")
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def is_ready(address: str) -> bool:
    """Whether the bundle has been opened and answers."""
    try:
        with urllib.request.urlopen(f"{address}/readyz") as answer:
            return answer.status == 200
    except urllib.error.URLError:
        return False


# %% [markdown]
# ## The client
# It is Google's, unchanged. The only line that differs from Perspective's own sample is the address of the service's
# description. `TOXICITY` is the positive label of the bundle; every label can be asked for by its own name too.

# %%
with (
    running_server() as address,
    build(
        "commentanalyzer",
        "v1alpha1",
        developerKey=KEY,
        discoveryServiceUrl=f"{address}/$discovery/rest?version=v1alpha1",
        static_discovery=False,
    ) as client,
):
    for comment in COMMENTS:
        request = {"comment": {"text": comment}, "requestedAttributes": {"TOXICITY": {}}, "spanAnnotations": True}
        answer = client.comments().analyze(body=request).execute()
        toxicity = answer["attributeScores"]["TOXICITY"]
        print(f"{toxicity['summaryScore']['value']:.2f}: {comment}")
        for span in toxicity["spanScores"]:
            print(f"    {span['score']['value']:.2f}: {comment[span['begin'] : span['end']]}")
