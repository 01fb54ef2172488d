"""The servers that are compared. One file each: it defines `PEERS`, and is found by being in this folder."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.processes import BenchError


@dataclass(frozen=True, slots=True)
class Server:
    """A started peer with one run (channel, topic) that viewers watch and a publisher feeds, both over HTTP."""

    port: int
    pid: int
    """The process whose CPU time and memory count, with all its descendants."""
    stream: str
    """The path viewers GET."""
    publish: str
    """The path the publisher POSTs to."""
    body: Callable[[bytes], bytes] = bytes
    """Turns the JSON object of one event into the body of its POST."""


class Peer(Protocol):
    """A way to fan events out to viewers."""

    name: str
    pace: float
    """Share of the benchmark's rate it is measured at: 1, or less where a server could not keep it."""

    def missing(self) -> str:
        """Say what is needed and not there, or '' when the peer can be measured."""

    def about(self) -> str:
        """Return the version, as one line."""

    def serve(self, directory: Path, cores: set[int]) -> AbstractContextManager[Server]:
        """Run the server on `cores` with its files in `directory`, for as long as the block lasts."""


def available() -> dict[str, Peer]:
    """Return the peers of this folder by name."""
    modules = (importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {peer.name: peer for module in modules for peer in module.PEERS}


def find(names: Sequence[str]) -> list[Peer]:
    """Return peers by name; a name that ends in `.py` is a file of peers outside this folder."""
    known = available()
    found: list[Peer] = []
    for name in names:
        if name.endswith(".py"):
            found.extend(_load(Path(name)))
        elif name in known:
            found.append(known[name])
        else:
            raise BenchError(f"no peer is called {name!r}; there are {', '.join(sorted(known))}, or give a .py file")
    return found


def _load(file: Path) -> Sequence[Peer]:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.exists():
        raise BenchError(f"{file} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    peers: Sequence[Peer] = module.PEERS
    return peers
