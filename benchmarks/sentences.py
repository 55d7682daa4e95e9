"""Forty sentences that stand in no training file: what a bundle calls them, and how many of them rightly.

python benchmarks/sentences.py BUNDLE [BUNDLE ...]
"""

import argparse
import sys
from pathlib import Path

from potstill.domain.predictor import Prediction
from potstill.inference.bundle import open_bundle

TOXIC = (
    "I hate you",
    "You are the dumbest person on this whole site",
    "Shut up, you worthless piece of trash",
    "Go back to where you came from, you filthy animals",
    "I am going to break your legs tomorrow",
    "Nobody would miss you if you dropped dead",
    "What a pathetic loser, get a life",
    "you're a disgusting pig and your family should be ashamed",
    "All of them are thieves and should be locked away",
    "Kill yourself",
    "Are you really this stupid or do you practise?",
    "you absolute m0ron, l3arn to read",
    "Women like you should not be allowed to write anything",
    "I hope you get cancer and suffer",
    "This clown of an editor is a lying scumbag",
    "Suck my dick, admin",
    "You sound like a dog barking, so bark somewhere else",
    "Stop breathing our air, vermin",
    "Only a retard could have written this section",
    "fuck off and never come back",
)
HARMLESS = (
    "I hate Mondays",
    "You have to kill the process before you restart it",
    "I am a proud gay man and a teacher",
    "The shot in the second half killed the game",
    "He died of lung cancer in 1987",
    "My stupid printer is out of ink again",
    "This damn rain will not stop",
    "The article says that the word idiot was once a medical term",
    "Jews and Muslims have lived in the town since the twelfth century",
    "What a killer guitar solo",
    "I would die for a coffee right now",
    "The black cat is sitting on the white wall",
    "Please do not call other editors trash, it helps nobody",
    "Shooting starts at six, bring the cameras",
    "She beat him in the final, six to two",
    "The dumb terminal was replaced by a workstation",
    "I feel like an idiot, I had the map upside down",
    "That film was so bad that it was good",
    "The virus attacks the cells and destroys them",
    "You are the last person I expected to see here, what a nice surprise",
)


def count(predictions: list[Prediction]) -> tuple[int, int]:
    """Of the predictions for `TOXIC` and then `HARMLESS`, how many of each are right."""
    flagged = [prediction.flagged for prediction in predictions]
    return flagged[: len(TOXIC)].count(True), flagged[len(TOXIC) :].count(False)


def main() -> int:
    """Print every sentence that is called wrongly, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("bundles", nargs="+", type=Path)
    for path in parser.parse_args().bundles:
        bundle = open_bundle(path)
        predictions = [prediction for prediction in bundle.predict([*TOXIC, *HARMLESS]) if prediction]
        toxic, harmless = count(predictions)
        print(f"{path}: {toxic} of {len(TOXIC)} toxic sentences flagged, {harmless} of {len(HARMLESS)} harmless not")
        for place, (text, prediction) in enumerate(zip([*TOXIC, *HARMLESS], predictions, strict=True)):
            if prediction.flagged != (place < len(TOXIC)) or text in ("I hate you", "I hate Mondays"):
                print(f"  {prediction.score:.3f} {prediction.label}: {text}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
