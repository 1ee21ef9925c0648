"""Send a plan, follow it, and say what became of every line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import click

from swimdesk.cli.endings import Refusal
from swimdesk.cli.exits import exit_code_of
from swimdesk.cli.history import print_broadcast
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import (
    full_scope_options,
    json_option,
    override_options,
    sizing_options,
)
from swimdesk.cli.output import Output
from swimdesk.cli.trade import explaining, print_notices, print_plan, require_scope
from swimdesk.control.exchange import OwnerGone
from swimdesk.errors import HomeHeld, InputError, OrderDenied, SwimdeskError, UnknownReference
from swimdesk.views.requests import PlanRequest, Scope, SubmitRequest

if TYPE_CHECKING:
    from swimdesk.cli.running import Interruption
    from swimdesk.desk.facade import DeskFacade
    from swimdesk.views.models import BroadcastView, PlanView

CONFIRM = "Nothing was sent: add --yes to send this."


@dataclass(frozen=True, slots=True)
class Sending:
    """What the command line asked for: a ticket to plan or a saved plan, and how to send it."""

    request: PlanRequest | None
    plan: str | None
    broadcast: str
    key: str | None
    waves: str
    on_deny: str
    on_refuse: str | None
    wait_s: float

    def submission(self, plan: str) -> SubmitRequest:
        """Return the request that sends a plan."""
        return SubmitRequest(
            plan, self.broadcast, self.key, self.waves, self.on_deny, self.on_refuse
        )


@click.command()
@click.argument("order", required=False)
@full_scope_options
@sizing_options
@override_options
@click.option("--plan", metavar="ID", help="Send a plan that `preview --save` made.")
@click.option(
    "--waves", default="all", show_default=True, metavar="POLICY", help="all, canary, or N a wave."
)
@click.option(
    "--on-deny",
    type=click.Choice(["skip", "stop"]),
    default="skip",
    show_default=True,
    help="What a denial in one account does to the others.",
)
@click.option(
    "--on-refuse",
    type=click.Choice(["skip", "stop"]),
    help="What a refusal in one wave does to the next.  [default: stop for a canary, else skip]",
)
@click.option("--yes", is_flag=True, help="Send; without it the plan is only shown.")
@click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0, 3600),
    default=10.0,
    show_default=True,
    metavar="S",
    help="Seconds to follow the orders.",
)
@click.option("--key", metavar="TEXT", help="Unique in the home: a second send shows the first.")
@json_option
@pass_invocation
def send(
    invocation: Invocation,
    order: str | None,
    scope: Scope,
    sizing: str,
    remainder: str | None,
    overrides: tuple[str, ...],
    plan: str | None,
    waves: str,
    on_deny: str,
    on_refuse: str | None,
    yes: bool,
    wait_s: float,
    key: str | None,
) -> int:
    """Send one order to many accounts at one moment."""
    _check(order, plan, scope, waves, on_refuse)
    if plan is not None:
        _require_plan_alone(sizing, remainder, overrides)
    request = (
        None
        if order is None
        else PlanRequest(order, scope, sizing, remainder=remainder, overrides=overrides)
    )
    if not yes:
        _show_only(invocation, request)
    # Deferred: identifiers are minted only for what is sent.
    from ulid import ULID

    sending = Sending(
        request=request,
        plan=plan,
        broadcast=str(ULID()),
        key=key,
        waves=waves,
        on_deny=on_deny,
        on_refuse=on_refuse,
        wait_s=wait_s,
    )
    with explaining(order or ""):
        view = send_and_follow(invocation, sending)
    print_broadcast(invocation.output, view)
    return exit_code_of(view)


def _check(
    order: str | None, plan: str | None, scope: Scope, waves: str, on_refuse: str | None
) -> None:
    if (order is None) == (plan is None):
        raise InputError("Give either an order in quotes or --plan ID, and not both.")
    if plan is None:
        require_scope(scope)
    elif not scope.is_empty:
        raise InputError(
            "A saved plan has its accounts: --plan goes without --all, --group, --where, …."
        )
    if on_refuse == "stop" and waves == "all":
        raise InputError(
            "--on-refuse stop needs --waves canary or --waves N: one wave has no next."
        )


def _require_plan_alone(sizing: str, remainder: str | None, overrides: tuple[str, ...]) -> None:
    if sizing != "text" or remainder is not None:
        raise InputError(
            "A saved plan has its quantities: --plan goes without --size, --remainder."
        )
    if overrides:
        raise InputError(
            "A saved plan has its overrides: give --override and --ack to `preview --save`."
        )


def _show_only(invocation: Invocation, request: PlanRequest | None) -> NoReturn:
    """Show the plan instead of sending it; the exit code says that --yes was missing."""
    refusal = InputError(CONFIRM)
    if request is None:
        raise refusal
    with explaining(request.order):
        plan = invocation.ask(lambda desk: desk.preview(request))
    print_notices(invocation.output, plan)
    raise _with_plan(invocation.output, refusal, plan)


def _with_plan(output: Output, error: SwimdeskError, plan: PlanView) -> Refusal:
    """Show the plan that an error is about: above it for eyes, beside it in the document."""
    if not output.as_json:
        print_plan(output, plan)
        return Refusal(error)
    from swimdesk.views.codec import to_json

    return Refusal(error, beside={"plan": to_json(plan)})


def send_and_follow(invocation: Invocation, sending: Sending) -> BroadcastView:
    """Plan, submit once, follow; a lost owner is asked again for the result, never to send."""
    from swimdesk.cli.running import fast_loop, run_command

    async def work(interruption: Interruption) -> BroadcastView:
        attempt = _Attempt(sending, invocation.output, interruption)
        try:
            async with invocation.open() as desk:
                await attempt.submit(desk)
                view = await desk.follow(attempt.broadcast, sending.wait_s)
                await attempt.tell_trouble(desk)
                return view
        except HomeHeld:
            if not attempt.is_asked:
                raise
        return await attempt.look_up(invocation)

    return run_command(work, loop_factory=fast_loop)


class _Attempt:
    """One submission: asked for at most once, and looked up by its id ever after."""

    def __init__(self, sending: Sending, output: Output, interruption: Interruption) -> None:
        self._sending = sending
        self._output = output
        self._interruption = interruption
        self.broadcast = sending.broadcast
        self.is_asked = False
        """Whether the desk may have taken the submission, answered or not."""

    async def submit(self, desk: DeskFacade) -> None:
        """Plan and submit."""
        request = self._sending.request
        plan = None if request is None else await desk.preview(request)
        if plan is not None:
            print_notices(self._output, plan)
        submission = self._sending.submission(plan.plan if plan else self._sending.plan or "")
        with self._interruption.held_back():
            self.is_asked = True
            try:
                view = await desk.submit(submission)
            except OwnerGone:
                self.is_asked = False
                raise
            except OrderDenied as error:
                raise (_with_plan(self._output, error, plan) if plan else error) from error
            self._interruption.said = self._where_to_look(view.broadcast)
        if view.broadcast != self.broadcast:
            self.broadcast = view.broadcast
            self._output.note(
                f"note: key {self._sending.key} was used before; nothing was sent now, this is"
                f" the first broadcast {view.broadcast}"
            )

    async def tell_trouble(self, desk: DeskFacade) -> None:
        """Say what the lines do not show: alarms of this broadcast, and a desk halted by now."""
        status = await desk.status()
        for alarm in status.alarms:
            if self.broadcast in alarm:
                self._output.note(f"alarm: {alarm}")
        if status.guard.state != "active":
            self._output.note(f"note: trading is {status.guard.state} now: {status.guard.reason}")

    async def look_up(self, invocation: Invocation) -> BroadcastView:
        """Ask whoever owns the home now what became of a submission whose answer was lost."""
        self._output.note("note: the owner of this home went away; asking for the broadcast again")
        try:
            async with invocation.open() as desk:
                return await desk.follow(self.broadcast, self._sending.wait_s)
        except UnknownReference:
            raise HomeHeld(
                "The owner of this home went away before the broadcast was written down; nothing"
                " was sent. Run the command again."
            ) from None
        except HomeHeld as error:
            detail = f"{error.detail} Whether it was sent is not known here."
            raise HomeHeld(f"{detail} {self._where_to_look(self.broadcast)}") from None

    @staticmethod
    def _where_to_look(broadcast: str) -> str:
        return (
            f"What was sent goes on at the broker and stays in the journal;"
            f" see: swimdesk broadcasts {broadcast}"
        )
