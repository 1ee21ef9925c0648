"""How long a person waits: for help, for status, for the demo's desk to be ready."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

PROGRAM = (sys.executable, "-m", "swimdesk")
READY = "daemon.ready"


def wall_ms(*arguments: str, repeats: int = 7) -> float:
    """Return the median wall time of a command over some runs, after one that warms the disk."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        subprocess.run([*PROGRAM, *arguments], check=False, capture_output=True)
        times.append((time.perf_counter() - started) * 1000)
    return median(times[1:])


@contextlib.contextmanager
def demo_daemon(home: Path) -> Iterator[float]:
    """Start ``demo --no-ui`` on a folder and give the ms until the desk says that it is ready."""
    started = time.perf_counter()
    command = [*PROGRAM, "demo", "--no-ui", "--keep", str(home)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None  # noqa: S101
        for line in process.stderr:
            if READY in line:
                break
        yield (time.perf_counter() - started) * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def report() -> str:
    """Measure all three and say so."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with demo_daemon(home) as ready_ms:
            beside_ms = wall_ms("--home", str(home), "status")
        alone_ms = wall_ms("--home", str(home), "status")
    return "\n".join(
        (
            f"startup ({os.cpu_count()} cores, medians of 7):",
            f"  swimdesk --help              {wall_ms('--help'):6.0f} ms  (at most 300)",
            f"  swimdesk status, a daemon    {beside_ms:6.0f} ms  (at most 300)",
            f"  swimdesk status, no owner    {alone_ms:6.0f} ms  (at most 300)",
            f"  demo --no-ui until ready     {ready_ms:6.0f} ms  (at most 3000)",
        )
    )


if __name__ == "__main__":
    print(report())
