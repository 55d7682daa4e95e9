import re
import socket
import subprocess
import sys
from http.client import HTTPConnection

import pytest
from bundles import TinyBundle

from potstill.domain.errors import PotstillError
from potstill.serving.listening import listen, parse_address, port_of


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("host", ["::1", "[::1]", "0:0:0:0:0:0:0:1", "127.0.0.1", "localhost"])
def test_the_address_that_is_announced_answers(host: str, tiny_bundle: TinyBundle) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    command = [sys.executable, "-m", "potstill", "serve", str(tiny_bundle.folder), "--host", host, "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr
        said = re.search(r" on http://(\[.*\]|[^:]*):(\d+)$", process.stderr.readline())
        assert said, "a port that is free is announced as what it is"
        name, port = said.groups()
        assert name == ("[::1]" if ":" in host else host)
        asking = HTTPConnection(name.strip("[]"), int(port), timeout=30)
        asking.request("GET", "/livez", headers={"Host": f"{name}:{port}"})
        assert asking.getresponse().read() == b"ok"
        asking.request("GET", "/", headers={"Host": f"{name}:{port}"})
        assert asking.getresponse().status == 200
        asking.close()
    finally:
        process.terminate()
        assert process.wait(15) == 0
        assert process.stderr
        process.stderr.close()


def test_what_cannot_be_had_names_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PotstillError, match=f"127.0.0.1, port {port}: .*; name another with --metrics"):
            listen("127.0.0.1", port, "--metrics")
    with pytest.raises(PotstillError, match="there is no port 70000"):
        listen("127.0.0.1", 70_000, "--port")
    with pytest.raises(PotstillError, match="name another with --host"):
        listen("203.0.113.9", 0, "--host")  # of an example, and no machine's
    both = listen("localhost", 0, "--port")
    assert len({each.getsockname()[1] for each in both}) == 1
    assert port_of(both) > 0
    for each in both:
        each.close()


def test_an_address_is_host_and_port() -> None:
    assert parse_address("127.0.0.1:9100", "--metrics") == ("127.0.0.1", 9100)
    assert parse_address("[::1]:9100", "--metrics") == ("[::1]", 9100)
    for given in ("9100", ":9100", "localhost", "::1:9100", "a:b", "a:70000", ""):
        with pytest.raises(PotstillError, match=r"--metrics .*: write HOST:PORT"):
            parse_address(given, "--metrics")
