"""A real memcached on a unix socket, and what a stranger who reaches it may do."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from pymemcache.client.base import Client  # type: ignore[import-untyped]

MEMORY_MB = 2
DUMPS = 20
_KEY = re.compile(r"^key=(\S+)", re.MULTILINE)


class Memcached:
    """A memcached process; may be killed and started again on the same socket."""

    def __init__(self, socket: Path, mask: str = "0700") -> None:
        self.socket = socket
        self._mask = mask
        self._process: subprocess.Popen[bytes] | None = None
        self._drain: threading.Thread | None = None

    @property
    def address(self) -> str:
        """The setting that names this memcached."""
        return f"unix:{self.socket}"

    def start(self) -> None:
        """Run it; it listens when this returns."""
        command = ["memcached", "-s", str(self.socket), "-a", self._mask, "-U", "0", "-vv"]
        command += ["-m", str(MEMORY_MB), *(["-u", "root"] if os.geteuid() == 0 else [])]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        assert process.stderr is not None
        said: list[bytes] = []
        for line in process.stderr:
            said.append(line)
            if b"server listening" in line:
                break
        else:
            raise RuntimeError(f"memcached did not start: {b''.join(said).decode()}")
        # It goes on telling every command; nobody reading would make it wait.
        self._drain = threading.Thread(target=deque, args=(process.stderr, 0))
        self._drain.start()
        self._process = process

    def kill(self) -> None:
        """End it at once, as kill -9 does; what it kept is gone."""
        if self._process is None or self._drain is None:
            return
        self._process.kill()
        self._process.wait(timeout=10)
        self._drain.join(timeout=10)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._process = None

    @contextmanager
    def stranger(self, timeout_s: float = 5.0) -> Iterator[Client]:
        """Connect as somebody else."""
        client = Client(str(self.socket), timeout=timeout_s, default_noreply=False)
        try:
            yield client
        finally:
            client.close()

    def names(self) -> list[str]:
        """Return the keys of everything that is kept."""
        return [unquote(key) for key in _KEY.findall(self._whole_dump())]

    def everything(self) -> bytes:
        """Return all that is kept, keys and values, one after the other."""
        with self.stranger() as client:
            kept = [(name.encode(), client.get(name)) for name in self.names()]
        return b"\n".join(part for pair in kept for part in pair if part)

    def _whole_dump(self) -> str:
        """List the items; the crawler leaves out one that is in use, as after an answer just given.

        What has ended may be counted for a while and is never listed.
        """
        for _ in range(DUMPS):
            with self.stranger() as client:
                count = int(client.stats()[b"curr_items"])
            dump = self._dump()
            if len(_KEY.findall(dump)) >= count:
                break
        return dump

    def _dump(self) -> str:
        """List the items; a crawler that is busy elsewhere gives no END and is asked again."""
        for _ in range(DUMPS):
            try:
                with self.stranger(timeout_s=1.0) as client:
                    return str(client.raw_command("lru_crawler metadump all", b"END\r\n").decode())
            except (TimeoutError, OSError):
                continue
        raise RuntimeError("memcached does not list what it keeps")


@contextmanager
def memcached(folder: Path, *, mask: str = "0700") -> Iterator[Memcached]:
    """Run a memcached on a socket in the folder while the block runs."""
    server = Memcached(folder / "mc", mask)
    server.start()
    try:
        yield server
    finally:
        server.kill()
