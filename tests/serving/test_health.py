import asyncio

from bundles import TinyBundle
from live_app import HeldEngine, ask, play
from sent_texts import SECRET
from server import Server

from potstill.serving.limits import Limits
from potstill.serving.request_guard import RequestGuard


def test_health_and_metrics(server: Server) -> None:
    server.post("/score", {"texts": [SECRET]})
    server.send("GET", f"/{SECRET}?{SECRET}")
    shown = server.send("GET", "/metrics").body.decode()
    assert 'potstill_requests_total{code="200",route="/score"}' in shown
    assert SECRET not in shown
    assert server.send("GET", "/readyz").body == b"ok"


def test_a_hung_engine_turns_the_server_unready(tiny_bundle: TinyBundle) -> None:
    async def scene(app: RequestGuard, held: HeldEngine) -> None:
        assert (await ask(app, "/readyz"))[::2] == (200, "ok")
        held.go.clear()
        waiting = asyncio.create_task(ask(app, "/score", {"texts": ["you fool"]}))
        await asyncio.sleep(0.4)
        assert (await ask(app, "/readyz"))[::2] == (503, "hung")
        assert (await ask(app, "/livez"))[0] == 200
        held.go.set()
        assert (await waiting)[0] == 200
        assert (await ask(app, "/readyz"))[0] == 200

    play(tiny_bundle, Limits(hang_seconds=0.2), scene)
