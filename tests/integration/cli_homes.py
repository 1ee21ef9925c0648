"""The program as a process, on homes of one simulated brokerage."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

PROGRAM = (sys.executable, "-m", "swimdesk")
ACCOUNTS = 6


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Home:
    """A home, and the program on it."""

    path: Path

    def run(self, *arguments: str) -> Ran:
        """Run one command to its end."""
        return ended(self.start(*arguments))

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start one command."""
        return subprocess.Popen(
            (*PROGRAM, "--home", str(self.path), *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **environment},
        )

    def set_key(self, key: str, value: str) -> None:
        """Change the one line of the configuration that sets a key."""
        file = self.path / "config.toml"
        lines = file.read_text().splitlines()
        (number,) = [n for n, line in enumerate(lines) if line.startswith(f"{key} = ")]
        lines[number] = f"{key} = {json.dumps(value)}"
        file.write_text("\n".join(lines))

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        """Run the daemon while inside; it has told the service manager that it is ready."""
        with ExitStack() as stack:
            channel = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            channel.settimeout(30)
            channel.bind(str(self.path / "notify"))
            process = self.start("--no-ui", NOTIFY_SOCKET=str(self.path / "notify"))
            stack.callback((self.path / "notify").unlink)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            assert channel.recv(100) == b"READY=1"
            yield process


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for the end of a command."""
    out, err = process.communicate(timeout=50)
    return Ran(process.returncode, out, err)


@contextmanager
def brokerage(*options: str) -> Iterator[Path]:
    """Run a simulated brokerage while inside, and give a home that can trade there."""
    # A short path: a socket has to fit below it.
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        home = Path(name) / "home"
        process = subprocess.Popen(
            (*PROGRAM, "sim", f"--client-home={home}", *options), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            assert json.loads(process.stdout.readline())["base_url"]
            yield home
        finally:
            process.terminate()
            process.communicate()


@contextmanager
def copy_of(template: Path) -> Iterator[Home]:
    """Give a fresh home with the same configuration, secrets and tokens."""
    with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
        shutil.copytree(template, Path(name) / "home")
        yield Home(Path(name) / "home")
