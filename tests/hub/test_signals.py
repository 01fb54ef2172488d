import asyncio
import signal

from headway.hub import signals


async def test_handlers_are_chained_and_taken_off_again() -> None:
    """Ours first, then the one that was there; afterwards it is as it was."""
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append("server"))
    try:
        server = signal.getsignal(signal.SIGTERM)
        with signals.on_exit(lambda: heard.append("hub")):
            signal.raise_signal(signal.SIGTERM)
        assert heard == ["hub", "server"]
        assert signal.getsignal(signal.SIGTERM) is server
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_a_signal_nobody_handles_is_left_alone() -> None:
    """The process dies of it, as it did before."""
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with signals.on_exit(lambda: None):
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_outside_the_main_thread_nothing_is_heard() -> None:
    """Signals cannot be handled there, and trying is an error."""
    before = signal.getsignal(signal.SIGTERM)

    def work() -> object:
        with signals.on_exit(lambda: None):
            return signal.getsignal(signal.SIGTERM)

    assert await asyncio.to_thread(work) == before
