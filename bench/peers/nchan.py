"""nchan, the pub/sub module of nginx: the fan-out in C that one can install."""

from __future__ import annotations

import contextlib
import os
import shutil
import string
import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.machine import first_line
from bench.peers import Server
from bench.processes import free_port, running, wait_for_port

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
PACKAGES = ("nginx", "libnginx-mod-nchan")
FILES = 12_000


class Nchan:
    """Debian's nginx and libnginx-mod-nchan; installed by apt when this runs as root."""

    name = "nchan"
    pace = 1.0

    def missing(self) -> str:
        """Say what is needed and not there, after trying to install it."""
        if not self._installed() and os.geteuid() == 0 and shutil.which("apt-get"):
            self._install()
        return "" if self._installed() else f"Debian packages {' '.join(PACKAGES)} (as root they are installed by apt)"

    def about(self) -> str:
        """Return the versions of nginx and of the module."""
        module = first_line("dpkg-query", "-W", "-f", "${Version}", PACKAGES[1])
        return f"{first_line('nginx', '-v').removeprefix('nginx version: ')}, nchan {module or '?'}"

    @contextlib.contextmanager
    def serve(self, directory: Path, cores: set[int]) -> Iterator[Server]:
        """Run one nginx with one worker; the master counts too."""
        port, log, config = free_port(), directory / "nginx.log", directory / "nginx.conf"
        template = string.Template(Path(__file__).with_name("nchan.conf.template").read_text())
        config.write_text(template.substitute(files=FILES, directory=directory, module=MODULE, port=port))
        with running(["nginx", "-p", directory, "-c", config], log=log, cores=cores) as process:
            wait_for_port(process, port, log)
            yield Server(port, process.pid, "/stream", "/publish")

    def _installed(self) -> bool:
        return shutil.which("nginx") is not None and MODULE.exists()

    def _install(self) -> None:
        print(f"installing {' '.join(PACKAGES)} ...", flush=True)
        # RUNLEVEL=1 keeps the package from starting an nginx of its own on port 80.
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            # A failure shows in what is installed afterwards.
            subprocess.run(["apt-get", "-qq", *arguments], env=env, stdout=subprocess.DEVNULL, check=False)


PEERS = (Nchan(),)
