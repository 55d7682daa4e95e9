"""The files of deploy/: read by the programs that they are for, where these are installed, and by our own parser."""

import json
import re
import shlex
import shutil
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from bundles import TinyBundle
from pages import ROOT
from sent_texts import TOXIC
from server import Server, free_port, running_server

from potstill.cli.main import build_parser

DEPLOY = ROOT / "deploy"
NGINX, SYSTEMD = shutil.which("nginx"), shutil.which("systemd-analyze")


def text_of(name: str) -> str:
    return (DEPLOY / name).read_text(encoding="utf-8")


def unit_line(key: str) -> str:
    match = re.search(rf"^{key}=(.*)$", text_of("potstill.service"), re.MULTILINE)
    assert match
    return match[1]


def docker_line(name: str) -> list[str]:
    match = re.search(rf"^{name} (\[.*\])$", text_of("Dockerfile"), re.MULTILINE)
    assert match
    return json.loads(match[1])


def test_every_option_is_one_that_serve_has() -> None:
    composed = yaml.safe_load(text_of("compose.yaml"))["services"]["potstill"]["command"]
    for command in (
        shlex.split(unit_line("ExecStart"))[1:],
        [*docker_line("ENTRYPOINT")[1:], *docker_line("CMD")],
        [*docker_line("ENTRYPOINT")[1:], *composed],
    ):
        arguments = build_parser().parse_args(command)
        assert arguments.command == "serve"
        assert arguments.bundles in (["/srv/potstill/current"], ["/bundles/current"])


def test_the_files_agree_with_each_other() -> None:
    arguments = build_parser().parse_args(shlex.split(unit_line("ExecStart"))[1:])
    nginx = text_of("nginx.conf")
    assert f"server 127.0.0.1:{arguments.port};" in nginx
    assert f"location {arguments.root_path}/ {{" in nginx
    assert f"server_name {arguments.allow_host[0]};" in nginx
    service = yaml.safe_load(text_of("compose.yaml"))["services"]["potstill"]
    assert service["ports"] == [f"127.0.0.1:{arguments.port}:{arguments.port}"]
    assert f"EXPOSE {arguments.port}" in text_of("Dockerfile")


@pytest.mark.skipif(SYSTEMD is None, reason="no systemd-analyze here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    assert SYSTEMD
    program = tmp_path / "potstill"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "potstill.service"
    unit.write_text(text_of("potstill.service").replace("/opt/potstill/bin/potstill", str(program)))
    done = subprocess.run([SYSTEMD, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    about = [line for line in done.stderr.splitlines() if "potstill" in line]
    assert about == []
    wrong = tmp_path / "wrong.service"
    wrong.write_text(unit.read_text().replace("Restart=", "Restrat="))
    done = subprocess.run([SYSTEMD, "verify", str(wrong)], capture_output=True, text=True, timeout=60)
    assert "Restrat" in done.stderr, "it does look"


@contextmanager
def nginx_before(server: Server, folder: Path) -> Generator[Server]:
    """nginx with our configuration, but for its port, the server's, and where it may write."""
    port = free_port()
    places = "".join(f"{kind}_temp_path {folder};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    written = (
        text_of("nginx.conf")
        .replace("listen 8080;", f"listen 127.0.0.1:{port};")
        .replace("127.0.0.1:8000", f"127.0.0.1:{server.port}")
        .replace("http {\n", f"http {{\n{places}", 1)
    )
    file = folder / "nginx.conf"
    file.write_text(f"pid {folder}/nginx.pid;\ndaemon off;\nerror_log {folder}/error.log;\n{written}")
    command = [NGINX or "", "-p", str(folder), "-c", str(file)]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, timeout=60)
    assert tried.returncode == 0, tried.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    proxy = Server(port, process)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                proxy.send("GET", "/")
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield proxy
    finally:
        process.terminate()
        process.wait(15)


@pytest.mark.skipif(NGINX is None, reason="no nginx here: apt-get install nginx-light")
def test_nginx_brings_everything_below_the_path(tiny_bundle: TinyBundle, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    options = ("--root-path", "/mod", "--allow-host", "example.org", "--access-log", str(log))
    with running_server(tiny_bundle.folder, *options) as server, nginx_before(server, tmp_path) as proxy:
        host = "example.org"
        page = proxy.send("GET", "/mod/", host=host)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assets = re.findall(r'(?:href|src)="(static/[^"]+)"', page.body.decode())
        assert len(assets) == 3
        for asset in assets:
            assert proxy.send("GET", f"/mod/{asset}", host=host).status == 200
        answer = proxy.post("/mod/score", {"texts": [TOXIC]}, host=host)
        assert answer.json["results"][0]["label"] == "toxic"
        described = proxy.send("GET", "/mod/$discovery/rest", host=host).json
        assert described["rootUrl"] == "http://example.org/mod/"
        assert proxy.send("GET", "/mod/models", host="evil.example").status == 400
        assert proxy.send("GET", "/models", host=host).status == 404
    line = next(line for line in map(json.loads, log.read_text().splitlines()) if line["route"] == "/score")
    assert line["id"] == answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", line["id"])


def test_the_image_is_described_in_words_that_docker_knows() -> None:
    known = {"FROM", "COPY", "RUN", "USER", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    lines = text_of("Dockerfile").replace("\\\n", " ").splitlines()
    assert {line.split()[0] for line in lines if line and not line.startswith("#")} == known


@pytest.mark.skipif(
    shutil.which("docker") is None or subprocess.run(["docker", "info"], capture_output=True).returncode != 0,
    reason="no docker daemon here",
)
def test_docker_takes_the_description() -> None:
    checked = subprocess.run(
        ["docker", "build", "--check", "-f", str(DEPLOY / "Dockerfile"), str(ROOT)], capture_output=True, timeout=300
    )
    assert checked.returncode == 0, checked.stderr
    composed = subprocess.run(
        ["docker", "compose", "-f", str(DEPLOY / "compose.yaml"), "config"], capture_output=True, timeout=60,
        env={"PATH": "/usr/bin:/usr/local/bin:/bin", "POTSTILL_KEY": "key"},
    )  # fmt: skip
    assert composed.returncode == 0, composed.stderr
