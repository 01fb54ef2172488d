"""`headway worker` as the process it is."""

import asyncio
import signal

import httpx
import pytest

from headway.app import Headway
from tests.cli.conftest import APP
from tests.cli.terminals import piped
from tests.integration.servers import free_port

SCHEDULED = """
@hw.job(schedule="0 3 * * *", timezone="Europe/Berlin")
async def nightly(run):
    pass
"""


async def test_it_executes_what_waits(folder, module):
    """Of the store it is given; told to stop, it ends well."""
    module("worked_app", APP + SCHEDULED)

    async def double(run, n: int) -> int:
        raise AssertionError("this process only starts it")

    hw = Headway("runs.db", worker="none")
    hw.job(double)
    metrics = f"127.0.0.1:{free_port()}"
    options = ("--store", "runs.db", "--concurrency", "3", "--metrics", metrics)
    async with hw, piped("worker", "worked_app:app", *options) as command, httpx.AsyncClient(timeout=30) as client:
        handle = await hw.start(double, 21)
        assert await asyncio.wait_for(handle.result(), 30) == 42
        ended = 'headway_attempt_seconds_count{job="double",outcome="finished"} 1.0'
        async with asyncio.timeout(30):  # the attempt ends after the run
            while ended not in (await client.get(f"http://{metrics}/metrics")).text:
                await asyncio.sleep(0.02)
        assert '"engine":"embedded"' in command.output
        assert '"queues":"default (3 at once)"' in command.output
        assert '"jobs":"double, nightly"' in command.output
        assert '"schedules":"nightly (0 3 * * * Europe/Berlin)"' in command.output
        command.process.send_signal(signal.SIGTERM)
        assert await command.ended() == 0
    assert "Traceback" not in command.output


@pytest.mark.parametrize(
    ("arguments", "said", "hint"),
    [
        (["jobless:hw"], "jobless:hw has no job", "decorate one with @hw.job"),
        (["with_jobs:hw", "--store", "memory://"], "are in the memory of its server", "use --store with a file"),
        (["with_jobs:hw", "--queues", "mail"], "no job waits in queue 'mail'", "there are: default"),
        (["with_jobs:hw", "--metrics", "9100"], "that is no address", "127.0.0.1:9100"),
        (["with_jobs:nothing"], "with_jobs has no 'nothing'", "there is with_jobs:hw, with_jobs:app"),
    ],
)
async def test_what_cannot_work(module, arguments, said, hint):
    """Told at once, in one line, with what to do."""
    module("jobless", "from headway import Headway\nhw = Headway()")
    module("with_jobs", APP)
    async with piped("worker", *arguments) as command:
        assert await command.ended() == 2
    assert said in command.output
    assert hint in command.output
    assert "Traceback" not in command.output
