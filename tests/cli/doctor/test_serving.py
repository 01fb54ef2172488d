"""Looking at a server, and at what stands before it."""

import pytest

from headway.app import Headway
from headway.cli.doctor import serving as module
from headway.cli.doctor.findings import Finding, Level
from headway.cli.doctor.serving import serving
from headway.config import Settings
from headway.ops.transports import switch
from headway.security.principal import Principal
from tests.client.running import running, wire
from tests.client.scripted import Answer, Request, Script, control, json, opened, scripted, stream

OFTEN = Settings(ping_s=0.2)
READY = {
    "status": "ready",
    "store": {"name": "sqlite", "ok": True, "trouble": None},
    "engine": {"name": "embedded", "processes": 2},
    "direct": {"on": True, "reason": None},
}


async def found(url: str, token: str | None = None) -> dict[str, Finding]:
    """Findings by what they are about."""
    return {each.about: each async for each in serving(url, token)}


def levels(findings: dict[str, Finding]) -> dict[str, Level]:
    """What is not as it should be."""
    return {about: each.level for about, each in findings.items() if each.level is not Level.OK}


async def test_a_server_that_is_well():
    """Found below the usual prefix."""
    with running(Headway("memory://", worker="none", settings=OFTEN), prefix="/headway") as server:
        findings = await found(server.url.removesuffix("/headway"))
    assert levels(findings) == {}
    assert findings["server"].text == f"{server.url} is ready"
    assert findings["server's streams"].text == "handed over to the hub (direct path on)"
    assert findings["stream"].text.startswith("the first bytes came after")
    assert "as far as that can be told" in findings["server's clock"].text


async def test_an_authenticator():
    """Who has no credentials is refused; without a token the stream cannot be looked at."""

    async def authenticate(connection):
        return Principal("ada") if connection.headers.get("authorization") == "Bearer secret" else None

    with running(Headway("memory://", worker="none", settings=OFTEN, authenticate=authenticate)) as server:
        findings = await found(server.url)
        assert levels(findings) == {"stream": Level.WARN}
        assert findings["access"].text == "without credentials it answers 401"
        assert "--token" in findings["stream"].mend
        assert levels(await found(server.url, "secret")) == {}


async def test_pages_of_the_whole_world():
    """May read, when they are let."""
    hw = Headway("memory://", worker="none", settings=Settings(ping_s=0.2, cors_origins=frozenset({"*"})))
    with running(hw) as server:
        assert levels(await found(server.url)) == {"pages (CORS)": Level.WARN}


async def test_streams_that_are_switched_off():
    """Clients poll; that is no failure."""
    with running(Headway("memory://", worker="none", settings=OFTEN)) as server:
        await server.do(lambda: switch(server.hw.store, ["poll", "ingest"]))
        async for finding in serving(server.url, None):
            if finding.about == "stream":
                assert (finding.level, "switched off" in finding.text) == (Level.WARN, True)


async def test_a_network_that_loses_the_answer():
    """Is told as it is."""
    with running(Headway("memory://", worker="none", settings=OFTEN)) as server:
        async with wire(server) as network:
            network.switch("no answers")
            findings = await found(network.url)
    assert levels(findings) == {"server": Level.FAIL}


def before(answer: Answer, ready: object = READY) -> Script:
    """A server, or something before it, that answers a stream in its own way."""

    def script(request: Request, _n: int) -> Answer:
        if request.path.endswith("/readyz"):
            return json(ready)
        return answer if request.path.endswith("/stream") else json({"runs": []})

    return script


@pytest.mark.parametrize(
    ("ready", "said"),
    [
        ({**READY, "status": "draining"}, "is draining"),
        ({**READY, "status": "not_ready", "store": {"name": "sqlite", "trouble": "it is locked"}}, "it is locked"),
        ({"hello": "world"}, "not answered as Headway does"),
        ([], "not answered as Headway does"),
    ],
)
async def test_a_server_that_is_not_ready(ready, said):
    """Or that is no Headway."""
    async with scripted(before(stream(), ready)) as server:
        finding = (await found(f"{server.url}/headway"))["server"]
    assert (finding.level, said in finding.text) == (Level.FAIL, True)


async def test_streams_by_send():
    """Why, and what would change it."""
    ready = {**READY, "direct": {"on": False, "reason": "not ours"}}
    async with scripted(before(stream(opened(server_time=None), control("ping", head=None)), ready)) as server:
        finding = (await found(f"{server.url}/headway"))["server's streams"]
    assert (finding.level, "not ours" in finding.text) == (Level.WARN, True)


async def test_from_another_machine(monkeypatch):
    """There everybody is answered, and nothing is encrypted."""
    monkeypatch.setattr(module, "is_loopback", lambda _host: False)
    with running(Headway("memory://", worker="none", settings=OFTEN)) as server:
        assert levels(await found(server.url)) == {"access": Level.FAIL, "encryption": Level.WARN}
