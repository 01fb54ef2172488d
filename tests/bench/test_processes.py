"""What is started is stopped, and what is counted is what the kernel counts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.processes import (
    BenchError,
    cpu_seconds,
    free_port,
    memory_kib,
    placement,
    raise_file_limit,
    running,
    socket_memory_kib,
    tcp_memory_kib,
    tree,
    wait_for_port,
)

PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import sys; print(1); sys.stdin.read()'])"
BURN = "sum(i * i for i in range(3_000_000)); print('done', flush=True); import sys; sys.stdin.read()"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return where a program's output goes."""
    return tmp_path / "program.log"


def test_a_program_is_stopped_when_the_block_fails(log):
    """An exception does not leave the program behind."""
    with pytest.raises(KeyError), running([sys.executable, "-c", "input()"], log=log, pipes=True) as process:
        raise KeyError
    assert process.returncode is not None


def test_descendants_are_counted(log):
    """The tree of a process holds its children."""
    with running([sys.executable, "-c", PARENT], log=log, pipes=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "1\n"
        found = tree(process.pid)
        assert found[0] == process.pid
        assert len(found) == 2
        assert memory_kib(process.pid, "Rss") > memory_kib(found[1], "Rss") > 0


def test_cpu_time_is_that_of_proc_stat(log):
    """The CPU clock and utime + stime agree to two ticks of 10 ms."""
    with running([sys.executable, "-c", BURN], log=log, pipes=True) as process:
        assert process.stdout
        process.stdout.readline()
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
        assert cpu_seconds(process.pid) == pytest.approx((int(fields[11]) + int(fields[12])) / 100, abs=0.021)


def test_a_server_that_dies_is_told_with_its_output(log):
    """Waiting for a port ends with the program, and shows what it said."""
    with (
        running([sys.executable, "-c", "raise SystemExit('no such option')"], log=log) as process,
        pytest.raises(BenchError, match="no such option"),
    ):
        wait_for_port(process, free_port(), log)


def test_socket_memory_is_read():
    """The figures exist on this machine, and an unused port holds nothing."""
    assert tcp_memory_kib() >= 0
    assert socket_memory_kib(free_port()) in {0, None}


def test_cores_are_disjoint_when_there_are_two():
    """The server never shares a core with its load, unless asked to."""
    server, load = placement(True)
    assert server.isdisjoint(load) or len(load) == 1
    both, same = placement(False)
    assert both == same


def test_an_impossible_file_limit_says_what_to_do():
    """More files than any system allows is refused with a hint."""
    with pytest.raises(BenchError, match="ulimit"):
        raise_file_limit(2**40)
