"""What a server survives: being told to go, a hundred thousand requests, a gigabyte, ten minutes of nonsense.

python benchmarks/endurance.py --bundle BUNDLE [--only terminations memory gigabyte nonsense]
                               [--times 50] [--requests 100000] [--minutes 10]
"""

import argparse
import http.client
import json
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from served import comments_of, potstill_server, resident_mb, running

LENGTHS = 130
"""One more than the tokens of the longest window that a bundle may have been exported with by default."""
PORT = 8763
AT_ONCE = 32
LONG = "a rather long remark about gardening, " * 12


def main() -> int:
    """All of it, or what `--only` names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=["terminations", "gigabyte", "memory", "nonsense"])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--comments", type=Path, default=Path("../shared/data/wiki_toxic/test.csv.gz"))
    parser.add_argument("--column", default="comment_text")
    arguments = parser.parse_args()
    command = potstill_server(arguments.bundle, PORT)
    if "terminations" in arguments.only:
        terminations(command, arguments.times)
    rest: dict[str, Callable[[int], None]] = {
        "gigabyte": gigabyte,
        "memory": lambda process: memory(process, arguments.requests, arguments.comments, arguments.column),
        "nonsense": lambda _: nonsense(arguments.minutes * 60),
    }
    for name in (name for name in rest if name in arguments.only):
        with running(command, PORT, "/readyz") as process:
            rest[name](process.pid)
    return 0


# --- being told to go


def terminations(command: list[str | Path], times: int) -> None:
    """SIGTERM while 32 requests are being answered."""
    answers: Counter[int] = Counter()
    took: list[float] = []
    for _ in range(times):
        with running(command, PORT, "/readyz") as process, ThreadPoolExecutor(AT_ONCE) as pool:
            sent = threading.Barrier(AT_ONCE + 1)
            waiting = [pool.submit(_answer_after, sent) for _ in range(AT_ONCE)]
            sent.wait()
            while _arrived() < AT_ONCE:  # what the server has not read yet when it is told to go, it has not accepted
                time.sleep(0.005)
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            answers.update(future.result() for future in waiting)
            assert _exit_code(process) == 0
            took.append(time.monotonic() - started)
    print(
        f"{times} SIGTERMs with {AT_ONCE} requests each: {answers[200]:,} of {sum(answers.values()):,} answered "
        f"{dict(answers)}; exit code 0 always, after {max(took):.1f} s at most.",
        flush=True,
    )


def _answer_after(sent: threading.Barrier) -> int:
    """The code of an answer to a request that is sent whole before SIGTERM; 0 for none."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    body = json.dumps({"texts": [LONG]})
    connection.request("POST", "/score", body, {"Content-Type": "application/json"})
    sent.wait()
    try:
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _arrived() -> float:
    """Requests of /score that are answered or being answered."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    connection.request("GET", "/metrics")
    lines = connection.getresponse().read().decode().splitlines()
    connection.close()
    scored = sum(float(line.rpartition(" ")[2]) for line in lines if _counts_scores(line))
    in_flight = next(float(line.rpartition(" ")[2]) for line in lines if line.startswith("potstill_in_flight "))
    return scored + in_flight - 1


def _counts_scores(line: str) -> bool:
    return line.startswith("potstill_requests_total{") and 'route="/score"' in line


def _exit_code(process: subprocess.Popen[bytes]) -> int:
    return process.wait(10)


# --- a gigabyte


def gigabyte(process: int) -> None:
    """A body of 1 GB, announced and not announced."""
    assert _post("/score", {"texts": ["a"]}) == 200
    for announced in (True, False):
        before = resident_mb(process)
        status, highest = _send_gigabyte(process, announced)
        words = "announced" if announced else "in chunks"
        print(f"1 GB {words}: {status}, at most {highest - before:+.1f} MB.", flush=True)


def _send_gigabyte(process: int, announced: bool) -> tuple[int, float]:
    piece = b"x" * 1_000_000
    highest = resident_mb(process)
    with socket.create_connection(("127.0.0.1", PORT)) as sending:
        size = b"Content-Length: 1000000000" if announced else b"Transfer-Encoding: chunked"
        head = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s\r\n\r\n" % size
        sending.sendall(head)
        with suppress(OSError):
            for _ in range(1000):
                sending.sendall(piece if announced else b"%x\r\n%s\r\n" % (len(piece), piece))
                highest = max(highest, resident_mb(process))
        answer = b""
        with suppress(OSError):
            answer = sending.recv(65536)
    status = int(answer.split(b" ")[1]) if answer else 0
    return status, max(highest, resident_mb(process))


# --- a hundred thousand requests


def memory(process: int, count: int, path: Path, column: str) -> None:
    """Requests of every kind, eight at a time, and what stays resident.

    Texts of every length come first: OpenVINO keeps memory for each shape once it has seen it, which is no growth that
    goes on.
    """
    print(f"{resident_mb(process):.0f} MB after the start", flush=True)
    for words in range(1, LENGTHS):
        assert _post("/score", {"texts": ["a " * words]}) == 200
        assert _post("/score", {"texts": ["a " * words] * 6}) == 200
    print(f"{resident_mb(process):.0f} MB after texts of every length", flush=True)
    texts = comments_of(24, 400, path, column)
    sizes: list[float] = []
    codes: Counter[int] = Counter()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(100):
            for counted in pool.map(partial(_some, texts, count // 800), range(8)):
                codes.update(counted)
            sizes.append(resident_mb(process))
    half = np.polyfit(np.arange(50), sizes[50:], 1)[0] * 50
    print(
        f"{sum(codes.values()):,} requests ({dict(codes)}): {sizes[0]:.0f} MB after the first hundredth, "
        f"{sizes[-1]:.0f} MB at the end, growth {sizes[-1] - sizes[0]:+.0f} MB; over the last half {half:+.1f} MB.",
        flush=True,
    )


def _some(texts: list[str], count: int, seed: int) -> Counter[int]:
    generator, codes = random.Random(time.time_ns() + seed), Counter[int]()
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    for _ in range(count):
        path, content = _any_request(generator, texts)
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        codes[answer.status] += 1
    connection.close()
    return codes


def _any_request(generator: random.Random, texts: list[str]) -> tuple[str, Any]:
    text = generator.choice(texts)[: generator.randint(1, 150)]
    kind = generator.randrange(40)
    if kind == 0:
        return "/explain", {"text": text[:40]}
    if kind == 1:
        return "/score", {"texts": [text, 1]}
    if kind < 4:
        return "/score", {"texts": generator.sample(texts, 6)}
    return generator.choice([
        ("/score", {"texts": [text]}),
        ("/predict", {"inputs": text}),
        ("/v1/moderations", {"input": [text]}),
        ("/v1alpha1/comments:analyze", {"comment": {"text": text}, "requestedAttributes": {"TOXICITY": {}}}),
    ])  # fmt: skip


# --- nonsense


def nonsense(seconds: float) -> None:
    """Damaged requests on raw sockets, then the same answers as before."""
    before = _answers()
    generator, sent, codes = random.Random(0), 0, Counter[str]()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        codes[_throw(_damaged(generator), generator)] += 1
        sent += 1
    assert _answers() == before
    print(
        f"{sent:,} damaged requests in {seconds:.0f} s: {dict(codes)}; alive, and the answers are the same.", flush=True
    )


def _damaged(generator: random.Random) -> bytes:
    """A request with some of its bytes changed, doubled, cut out or made up."""
    path = generator.choice(["/score", "/predict", "/v1/moderations", "/v1alpha1/comments:analyze", "/explain", "/"])
    body = json.dumps({"texts": ["a"], "inputs": "a", "input": "a", "text": "a"}).encode()
    request = bytearray(
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (path.encode(), len(body), body)
    )
    for _ in range(generator.randint(1, 8)):
        place = generator.randrange(len(request) + 1)
        match generator.randrange(5):
            case 0:
                request[place : place + 1] = generator.randbytes(1)
            case 1:
                request[place:place] = generator.randbytes(generator.randint(1, 200))
            case 2:
                del request[place : place + generator.randint(1, 40)]
            case 3:
                request[place:place] = request[: generator.randint(1, 80)]
            case _:
                odd = [
                    b"\r\n",
                    b"\0",
                    b"\xff\xfe",
                    b"[" * 500,
                    b"Transfer-Encoding: chunked\r\n",
                    b"Content-Length: -1\r\n",
                ]
                request[place:place] = generator.choice(odd)
    return bytes(request)


def _throw(request: bytes, generator: random.Random) -> str:
    """Send it in one piece or several, sometimes leave at once; the code of the answer, if one came."""
    with socket.create_connection(("127.0.0.1", PORT), timeout=5) as sending:
        sending.settimeout(0.2)
        try:
            cut = generator.randrange(len(request) + 1) if generator.random() < 0.3 else len(request)
            sending.sendall(request[:cut])
            sending.sendall(request[cut:])
            if generator.random() < 0.2:
                return "left"
            sending.shutdown(socket.SHUT_WR)
            return sending.recv(64).partition(b" ")[2][:3].decode("latin-1") or "closed"
        except OSError as error:
            return type(error).__name__


def _answers() -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    body = json.dumps({"texts": ["I hate you", "Thanks.", "", "👍"]})
    connection.request("POST", "/score", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    return answer.read()


def _post(path: str, content: object) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    try:
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        return connection.getresponse().status
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
