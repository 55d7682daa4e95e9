"""A server that speaks as much of the Hub's protocol as its clients need to fetch a data set or a model."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
"""The one commit of every repository here."""


@contextmanager
def serving_hub(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve `folder`, which holds `datasets/OWNER/NAME/...` and `models/OWNER/NAME/...`; gives the endpoint, and the
    requests as they come."""
    asked: list[str] = []

    class Handler(_Handler):
        root = folder
        seen = asked

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    root: Path
    seen: list[str]

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # Split before it is unquoted: a revision such as refs/convert/parquet is one part, its strokes quoted.
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        self.seen.append(f"{self.command} /{'/'.join(parts)}")
        if parts[0] == "api":
            self._about(parts[1:], body)
        else:
            self._file(parts if parts[0] == "datasets" else ["models", *parts])

    def _about(self, parts: list[str], body: bytes) -> None:
        """/api/KIND/OWNER/NAME, then nothing, /revision/R, /tree/R or /paths-info/R."""
        repository = self.root.joinpath(*parts[:3])
        if len(parts) < 3 or not repository.is_dir():
            self._missing("RepoNotFound")
            return
        files = {str(path.relative_to(repository)): path for path in sorted(repository.rglob("*")) if path.is_file()}
        asked = parts[3] if len(parts) > 3 else "revision"
        if asked == "revision":
            siblings = [{"rfilename": name} for name in files]
            name = "/".join(parts[1:3])
            self._json({"_id": "0", "id": name, "sha": COMMIT, "siblings": siblings, "tags": [], "private": False})
        elif asked == "tree":
            self._tree(repository.joinpath(*parts[5:]), repository, recursive="recursive=true" in self.path.lower())
        elif asked == "paths-info":
            wanted = json.loads(body)["paths"]
            self._json([_entry(name, path) for name, path in files.items() if name in wanted])
        else:
            self._missing("EntryNotFound")

    def _tree(self, folder: Path, repository: Path, *, recursive: bool) -> None:
        if not folder.is_dir():
            self._missing("EntryNotFound")
            return
        inside = sorted(folder.rglob("*") if recursive else folder.iterdir())
        self._json([_entry(str(path.relative_to(repository)), path) for path in inside])

    def _file(self, parts: list[str]) -> None:
        """KIND/OWNER/NAME/resolve/REVISION/PATH"""
        repository = self.root.joinpath(*parts[:3])
        if len(parts) < 6 or parts[3] != "resolve" or not repository.is_dir():
            self._missing("RepoNotFound")
            return
        path = repository.joinpath(*parts[5:])
        if not path.is_file():
            self._missing("EntryNotFound")
            return
        self._send(path.read_bytes(), "application/octet-stream")

    def _json(self, value: object) -> None:
        self._send(json.dumps(value).encode(), "application/json")

    def _missing(self, code: str) -> None:
        self._send(b"{}", "application/json", HTTPStatus.NOT_FOUND, code)

    def _send(self, content: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK, code: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{sha256(content).hexdigest()}"')
        if code:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _entry(name: str, path: Path) -> dict[str, object]:
    if path.is_dir():
        return {"type": "directory", "path": name, "size": 0, "oid": sha256(name.encode()).hexdigest()}
    content = path.read_bytes()
    return {"type": "file", "path": name, "size": len(content), "oid": sha256(content).hexdigest()}
