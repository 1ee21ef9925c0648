"""How long 12 logins take to sign in by themselves, two at a time.

``python -m tests.signin.figure [RUNS] [LOGINS]`` prints a line a run. Each run has a brokerage
and a home of its own.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.sim_process import sim_process
from tests.signin.homes import fill_vault, names, sign_out, tokens_of

LIMIT_S = 90.0


async def one_run(folder: Path, logins: int) -> tuple[float, int, str]:
    """Return seconds, how many logins have tokens afterwards, and what the command said."""
    async with sim_process(folder / "home", "--logins", str(logins), "--accounts", "48") as sim:
        sign_out(sim, "automatic")
        for login in names(sim):
            fill_vault(sim, login)
        began_s = time.monotonic()
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "swimdesk", "--home", str(sim.home), "login", "--all"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await command.communicate()
        return time.monotonic() - began_s, len(tokens_of(sim.home)), said.decode()


async def main(runs: int, logins: int) -> int:
    """Run and print; return 0 if every run was whole and in time."""
    bad = 0
    for run in range(1, runs + 1):
        with TemporaryDirectory(prefix="sd-", dir="/tmp") as name:
            took_s, signed, said = await one_run(Path(name), logins)
        is_good = signed == logins and took_s <= LIMIT_S
        bad += not is_good
        _tell(f"run {run}: {signed} of {logins} logins in {took_s:.1f} s")
        if not is_good:
            _tell(said)
    _tell(f"{runs - bad} of {runs} runs whole and within {LIMIT_S:.0f} s")
    return 1 if bad else 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    sys.exit(asyncio.run(main(*[*given, *(1, 12)[len(given) :]])))
