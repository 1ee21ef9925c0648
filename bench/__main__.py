"""Run every measurement and print what was found: ``python -m bench [NAME ...]``."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime

from bench import burst, console, fanout, faults, grid, journal, soak, startup

PROGRAMS: dict[str, Callable[[], str]] = {
    "fanout": fanout.report,
    "startup": startup.report,
    "grid": grid.report,
    "console": console.report,
    "journal": journal.report,
    "burst": lambda: burst.report(asyncio.run(burst.bursts())),
    "faults": lambda: faults.report(asyncio.run(faults.run_faults())),
    "soak": lambda: soak.report(asyncio.run(soak.soak(300))),
}


def main(names: list[str]) -> None:
    """Run the named programs, or all."""
    unknown = set(names) - set(PROGRAMS)
    if unknown:
        sys.exit(f"no such measurement: {', '.join(unknown)}; there are {', '.join(PROGRAMS)}")
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    print(
        f"{now}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"
    )
    for name in names or PROGRAMS:
        print(PROGRAMS[name](), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
