"""How long bodies that are made to be much work hold up a server: the slowest answer of /livez beside each of them.

    python benchmarks/hostile_bodies.py --bundle BUNDLE

Each body is within the limit of 1 MB and is sent to every protocol's path, while a second connection asks /livez
without a pause. That answer takes a millisecond where nothing holds the event loop.
"""

import argparse
import http.client
import sys
import threading
import time
from pathlib import Path

from served import potstill_server, running

PORT = 8765
NEEDED = {
    "/score": '"texts":["a"]',
    "/explain": '"text":"a"',
    "/predict": '"inputs":"a"',
    "/v1/moderations": '"input":"a"',
    "/v1alpha1/comments:analyze": '"comment":{"text":"a"},"requestedAttributes":{"TOXICITY":{}}',
}
"""Of each protocol's path, the content of a body that is answered."""
LISTS = {
    "/score": "texts", "/explain": "text", "/predict": "inputs", "/v1/moderations": "input",
    "/v1alpha1/comments:analyze": "languages",
}  # fmt: skip
"""The key whose value is, or might be taken for, a list."""
EMPTY, LONG, PART = '""', '"' + "a b, " * 700 + '"', '{"type":"text","text":1}'


def hostile_bodies(path: str) -> dict[str, bytes]:
    """Bodies for a path of a protocol, each by what there is much of in it."""
    key = LISTS[path]
    made = {
        "wrong values": f'"{key}":[{_many("1", 450_000)}]',
        "wrong lists": f'"{key}":[{_many("[1,1]", 150_000)}]',
        "wrong objects": f'"{key}":[{_many("{}", 300_000)}]',
        "objects with keys": f'"{key}":[{_many("{" + _keys(10) + "}", 150)}]',
        "parts": f'"{key}":[{_many(PART, 256)}]',
        "empty texts": f'"{key}":[{_many(EMPTY, 256)}]',
        "long texts": f'"{key}":[{_many(LONG, 250)}]',
        "unknown keys": _keys(70_000),
        "unknown keys, some": _keys(2_000),
        "nested": '"x":' + "[" * 480_000 + "]" * 480_000,
        "ignored lists": f'"x":[{_many("[]", 300_000)}]',
        "ignored texts": f'"x":[{_many(EMPTY, 300_000)}]',
        "a long string": f'"x":"{"a" * 950_000}"',
        "a long key": f'"{"a" * 950_000}":1',
        "escapes": '"x":"' + "\\u0041" * 155_000 + '"',
        "a long number": f'"x":0.{"1" * 950_000}',
        "languages": f'"languages":[{_many("1", 400_000)}]',
        "attributes": f'"requestedAttributes":{{{_keys(2_000)}}}',
    }
    bodies = {name: f"{{{NEEDED[path]},{content}}}".encode() for name, content in made.items()}
    text = '"' + "a b. " * 39_000 + '"'
    content = f"[{text}]" if key == "texts" else text
    return bodies | {"a long text": f'{{"{key}":{content}}}'.encode()}


def _many(item: str, count: int) -> str:
    return ",".join([item] * count)


def _keys(count: int) -> str:
    return ",".join(f'"key{n}":1' for n in range(count))


def slowest_probe(path: str, body: bytes) -> tuple[int, float, float]:
    """The code of the answer, its seconds, and the most seconds that /livez took meanwhile."""
    ended = threading.Event()
    slowest = [0.0]
    probing = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)

    def probe() -> None:
        while not ended.is_set():
            started = time.perf_counter()
            probing.request("GET", "/livez")
            probing.getresponse().read()
            slowest[0] = max(slowest[0], time.perf_counter() - started)
            time.sleep(0.001)

    thread = threading.Thread(target=probe)
    thread.start()
    asking = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    started = time.perf_counter()
    asking.request("POST", path, body, {"Content-Type": "application/json"})
    answer = asking.getresponse()
    answer.read()
    took = time.perf_counter() - started
    ended.set()
    thread.join()
    asking.close()
    probing.close()
    return answer.status, took, slowest[0]


def main() -> int:
    """A line for each body, then the worst."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, required=True)
    arguments = parser.parse_args()
    worst = 0.0
    with running(potstill_server(arguments.bundle, PORT), PORT, "/readyz"):
        for path in NEEDED:
            for name, body in hostile_bodies(path).items():
                status, took, slowest = slowest_probe(path, body)
                worst = max(worst, slowest)
                print(
                    f"{path:27} {name:18} {len(body) / 1000:5.0f} kB: {status} after {1000 * took:6.1f} ms, /livez "
                    f"{1000 * slowest:5.1f} ms",
                    flush=True,
                )
    print(f"The slowest /livez of all: {1000 * worst:.1f} ms.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
