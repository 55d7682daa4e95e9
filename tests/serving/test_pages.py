import pytest
from server import Server


@pytest.mark.parametrize("path", ["/", "/model", "/api", "/static/try.js", "/static/page.css", "/static/icon.svg"])
def test_pages_come_with_a_policy_that_lets_nothing_else_in(server: Server, path: str) -> None:
    page = server.send("GET", path)
    assert page.status == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
    assert b"//" not in page.body.replace(b"http://127.0.0.1:8000", b"").replace(
        b"http://www.w3.org/2000/svg", b""
    ) or (path.endswith(".js"))


@pytest.mark.parametrize("path", ["/static/", "/static/../app.py", "/static/..%2fapp.py", "/static//etc/passwd"])
def test_no_other_file_is_served(server: Server, path: str) -> None:
    assert server.send("GET", path).status == 404
