"""What the bench runs on: a description, open files, memory."""

from __future__ import annotations

import os
import platform
import resource
import ssl
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from swimdesk.bench.views import MachineView
from swimdesk.errors import InputError

CLIENTS: Final = 3
"""The product, the floor and the control have a connection per account each."""
OTHER_FILES: Final = 200


def machine(folder: Path, arrivals: str) -> MachineView:
    """Describe this machine; ``folder`` is where the journal is."""
    return MachineView(
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        kernel=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        openssl=ssl.OPENSSL_VERSION,
        uvloop=_version("uvloop"),
        journal_on=_file_system(folder),
        arrivals=arrivals,
    )


def make_room_for(accounts: int) -> None:
    """Let this process open enough files for that many accounts; InputError names the figure."""
    needed = accounts * CLIENTS + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if resource.RLIM_INFINITY in (soft, hard) or needed <= hard:
        if soft != resource.RLIM_INFINITY and soft < needed:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return
    raise InputError(
        f"{accounts} accounts need {needed} open files, {CLIENTS} connections each, and this"
        f" session allows {hard}; allow more with `ulimit -n {needed}`, or measure fewer accounts."
    )


def resident_kb() -> float | None:
    """Return how much memory this process holds; None where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return None
    return pages * resource.getpagesize() / 1024


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def _file_system(folder: Path) -> str:
    """Return the kind of file system under a folder: a commit on one in memory costs nothing."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    except OSError:
        return "unknown"
    place = folder.resolve()
    found = [
        (len(mounted), kind)
        for _, mounted, kind, *_ in (line.split() for line in mounts)
        if place.is_relative_to(mounted)
    ]
    return max(found, default=(0, "unknown"))[1]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
