"""A simulated brokerage, a home logged in there, and the job shown on it."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.output import Output
from swimdesk.cli.sim import brokerage_options

if TYPE_CHECKING:
    from swimdesk.desk.facade import DeskFacade

_LINES_SHOWN: Final = 6
_WAIT_S: Final = 10.0


@click.command()
@brokerage_options
@click.option(
    "--keep", type=click.Path(path_type=Path), metavar="DIR", help="Keep the home, in this folder."
)
@click.option("--no-ui", is_flag=True, help="Run the daemon on it until interrupted.")
@click.option("--sign-in", is_flag=True, help="One login has no tokens yet and signs in first.")
@pass_invocation
def demo(
    invocation: Invocation,
    /,
    keep: Path | None,
    no_ui: bool,
    sign_in: bool,
    **brokerage: Any,  # noqa: ANN401 - click's values
) -> None:
    """Open the console on a simulated brokerage on this machine.

    Where there is no terminal the job is shown as a printed tour instead.
    """
    from swimdesk.cli.console import console_desk, prepared, terminal_problem
    from swimdesk.cli.endings import Interrupted
    from swimdesk.cli.running import Interruption, fast_loop, run_command
    from swimdesk.cli.simchild import simulated_brokerage

    output = Output(as_json=False, for_eyes=True)
    with _demo_home(keep) as home:

        async def work(interruption: Interruption) -> None:
            interruption.said = _left_behind(keep)
            arguments = _arguments(home, keep, {**brokerage, "signed_out": int(sign_in)})
            if sign_in and not no_ui:
                output.note("starting the simulated brokerage")
            async with simulated_brokerage(arguments) as description:
                if sign_in and not no_ui:
                    # The daemon does it by itself, and says so in its log.
                    await _sign_in(invocation, output, home, description["logins"][0]["name"])
                if no_ui:
                    await _serve(output, home)
                elif terminal_problem() is not None:
                    await _guide(invocation, output, home)
                else:
                    show = prepared(home, None, mouse=invocation.mouse)
                    async with console_desk(home, None) as desk:
                        await show(desk, interruption)

        try:
            run_command(work, loop_factory=fast_loop)
        except Interrupted:
            if not no_ui:
                raise


@contextmanager
def _demo_home(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        yield keep.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="swimdesk-demo-") as name:
        yield Path(name) / "home"


def _left_behind(keep: Path | None) -> str:
    """Say what an interrupted demonstration leaves."""
    if keep is None:
        return "The demo was stopped: its home and its brokerage are gone, and nothing was kept."
    return (
        f"The demo was stopped; what it had by then, finished sign-ins too, is kept in"
        f" {keep.absolute()}, and the same command goes on from there."
    )


def _arguments(home: Path, keep: Path | None, brokerage: dict[str, Any]) -> list[str]:
    low, high = brokerage.pop("latency_ms")
    options = {**brokerage, "latency_ms": f"{low:g}:{high:g}", "client_home": home}
    if keep is not None:
        options["state"] = keep.absolute() / "brokerage"
    return [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]


async def _sign_in(invocation: Invocation, output: Output, home: Path, login: str) -> None:
    """Sign a login in at the brokerage's pages, in a browser, with what the home's vault keeps."""
    from swimdesk.bootstrap.signing import sign_in
    from swimdesk.cli.asking import TerminalPerson

    _say(output, "A login that has no tokens yet signs in", home, "login", login)
    async with invocation.session(home, None) as desk:
        view = await sign_in(desk, home, None, login, "automatic", TerminalPerson(output))
    output.note(f"{login}: signed in until {view.refresh_expires:%a %d %b %H:%M} UTC")


async def _serve(output: Output, home: Path) -> None:
    """Run the daemon, and say what to type in another terminal."""
    import asyncio

    from swimdesk.cli.condor import choose_condor
    from swimdesk.cli.daemon import daemon

    async with daemon(home, None) as desk:
        order = await choose_condor(desk)
        output.note(f"The demo runs in {home}; Ctrl-C ends it. In another terminal try:")
        for command in (["status"], ["preview", order, "--all"], ["send", order, "--all", "--yes"]):
            output.note(f"  {_typed(home, *command)}")
        await asyncio.Event().wait()


async def _guide(invocation: Invocation, output: Output, home: Path) -> None:
    """Show the job from beginning to end, with the commands that a user would type."""
    from swimdesk.cli.status import print_status
    from swimdesk.views.requests import Scope

    async with invocation.session(home, None) as desk:
        await desk.accounts(Scope(everyone=True))
        _say(output, "The desk, and the logins of its family of accounts", home, "status")
        print_status(output, await desk.status())
        await _show_accounts(desk, output, home)
        await _trade(desk, output, home)


async def _show_accounts(desk: DeskFacade, output: Output, home: Path) -> None:
    from swimdesk.cli.reads import FIELDS
    from swimdesk.views.requests import Scope

    _say(output, "What each account can spend", home, "balances")
    balances = await desk.balances(Scope(everyone=True))
    output.table(FIELDS["balances"], balances[:_LINES_SHOWN])
    total = sum(balance.liquidation_value for balance in balances)
    output.heading(f"… {len(balances)} accounts, ${total:,.2f} together")


async def _trade(desk: DeskFacade, output: Output, home: Path) -> None:
    # Deferred: identifiers are minted only for what is sent.
    from ulid import ULID

    from swimdesk.cli.condor import choose_condor
    from swimdesk.cli.history import print_broadcast
    from swimdesk.cli.trade import print_plan
    from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

    order = await choose_condor(desk)
    _say(output, "One iron condor, planned in every account", home, "preview", order, "--all")
    plan = await desk.preview(PlanRequest(order, Scope(everyone=True)))
    print_plan(output, plan, most=_LINES_SHOWN)
    output.heading(f"… {len(plan.lines)} accounts in the plan")
    _say(output, "The same moment in every account that may", home, "send", order, "--all", "--yes")
    sent = await desk.submit(SubmitRequest(plan.plan, str(ULID())))
    print_broadcast(output, await desk.follow(sent.broadcast, _WAIT_S))
    _say(output, "What stays in the journal", home, "broadcasts", sent.broadcast)


def _say(output: Output, what: str, home: Path, *command: str) -> None:
    output.heading("")
    output.heading(f"# {what}")
    output.heading(f"$ {_typed(home, *command)}")


def _typed(home: Path, *command: str) -> str:
    return shlex.join(["swimdesk", "--home", str(home), *command])
