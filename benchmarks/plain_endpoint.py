"""What guides show: FastAPI around `transformers.pipeline`. `python plain_endpoint.py MODEL PORT`."""

import sys
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline

classify: Any = pipeline("text-classification", model=sys.argv[1], device=-1)
app = FastAPI()


class Question(BaseModel):
    """Texts to score."""

    texts: list[str]


@app.get("/livez")
def livez() -> str:
    """It answers."""
    return "ok"


@app.post("/score")
def score(question: Question) -> list[dict[str, Any]]:
    """Score them."""
    return classify(question.texts, truncation=True, max_length=128)


uvicorn.run(app, port=int(sys.argv[2]), log_level="warning")
