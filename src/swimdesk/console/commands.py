"""What the console itself can do: screens, arming, staging, sending, halting, leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swimdesk.console.actions import Action
from swimdesk.console.formats import age, money
from swimdesk.console.modals.confirm import Confirm, Question
from swimdesk.console.modals.help import Help
from swimdesk.console.session import ARMED_MIN, LONGEST_ARMED_MIN, Stage, needs_count
from swimdesk.console.standing import Tone
from swimdesk.console.typed import Order, Verb, read_line
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orderlang.commandline import INTENTS, OrderLine
from swimdesk.errors import InputError, SwimdeskError
from swimdesk.views.models import PlanView
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class Commands:
    """Carries out the actions that belong to no single screen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._is_asking = False

    def why_not(self, one: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        session = self._console.session
        match one.id:
            case "global.send" | "global.resume" | "global.quit" if self._is_asking:
                return "a question is open"
            case "global.send":
                return self._console.trading.why_not_send()
            case "global.preview" if session.stage is None:
                return "there is no order: type one first (:)"
            case "global.disarm" if session.armed_until is None:
                return "sending is not armed"
        return None

    # --- the command line --------------------------------------------------------------------

    def enter(self, text: str) -> None:
        """Carry out what was typed; what is not understood is said and can be mended."""
        console = self._console
        if text.startswith("/"):
            # Typing it has filtered already.
            return
        try:
            typed = read_line(text)
            match typed:
                case Verb(action_id, rest):
                    console.do(action_id, *([rest] if rest else []))
                case Order():
                    self.stage(typed.line)
        except SwimdeskError as error:
            where = f"column {error.column}: " if error.column else ""
            console.say(f"{where}{error.detail}", Tone.DANGER)
            console.prompt.begin(text)
            if error.column:
                console.prompt.cursor_position = min(error.column - 1, len(text))

    def stage(self, line: OrderLine) -> None:
        """Stage an order and plan it at once; planning sends nothing."""
        console = self._console
        scope = self._scope(line)
        if scope.is_empty:
            # A mistake in the order may have swallowed the words behind it: that comes first.
            if line.order.split()[0].upper() not in INTENTS:
                parse(line.order)
            raise InputError(
                "Say which accounts, behind the order: all, grp NAME, acc ALIAS, where …, marked."
            )
        stage = Stage(line.order, scope, line.sizing, line.remainder, line.waves)
        console.trading.put(stage)
        console.go("TKT")
        console.start(console.trading.preview(), "preview")

    def _scope(self, line: OrderLine) -> Scope:
        session = self._console.session
        if not line.names_accounts:
            return session.scope
        marked = tuple(sorted(session.marks)) if line.marked else ()
        if line.marked and not marked:
            raise InputError("No account is marked: Space marks one in the list of accounts.")
        return Scope(
            groups=line.groups,
            accounts=(*line.accounts, *marked),
            everyone=line.everyone,
            where=line.where,
        )

    def do_command(self) -> None:
        """Give the keys to the command line."""
        self._console.prompt.take_keys()

    # --- looking -----------------------------------------------------------------------------

    def do_palette(self) -> None:
        """Open the palette."""
        self._console.action_command_palette()

    def do_help(self) -> None:
        """Show the keys of this screen."""
        console = self._console
        console.push_screen(Help(console.panel.contexts), lambda _: console.modal_closed())

    def do_go(self, code: str) -> None:
        """Show a screen."""
        self._console.go(code)

    def do_back(self) -> None:
        """Show the screen before."""
        self._console.go_back()

    def do_leave(self) -> None:
        """Close what is open: parts of the screen first, then the staged order."""
        console = self._console
        if console.panel.leave_one():
            return
        if console.session.stage is not None and console.panel.code == "TKT":
            console.trading.put(None)
            console.say("The staged order is dropped; nothing was sent.")
            return
        console.go_back()

    async def do_refresh(self) -> None:
        """Read accounts again."""
        console = self._console
        await console.desk.balances(Scope(everyone=True))
        console.say("Accounts were read again.")

    # --- arming, halting ---------------------------------------------------------------------

    def do_arm(self, minutes: str = "") -> None:
        """Allow sending for some minutes, or take that back."""
        console = self._console
        now = console.now()
        if not minutes and console.session.is_armed(now):
            self.do_disarm()
            return
        span = self._minutes(minutes)
        console.session.arm(now, span)
        mode = console.board.status.mode.upper() if console.board.status else "?"
        console.say(f"ARMED for {span} minutes in {mode}: F10 opens the confirmation.", Tone.WARN)
        console.trading.refresh()

    def _minutes(self, text: str) -> int:
        if not text:
            return ARMED_MIN
        if not text.isdecimal() or not 1 <= int(text) <= LONGEST_ARMED_MIN:
            raise InputError(f"ARM takes minutes from 1 to {LONGEST_ARMED_MIN}, found {text}.")
        return int(text)

    def do_disarm(self) -> None:
        """Take the permission to send back."""
        self._console.session.disarm()
        self._console.say("Disarmed: nothing can be sent.")
        self._console.trading.refresh()

    async def do_halt(self, reason: str = "") -> None:
        """Stop new orders at once."""
        console = self._console
        console.session.disarm()
        guard = await console.desk.halt(reason or "halted at the console")
        console.say(f"HALTED: {guard.reason}. Open orders stay; RESUME allows new ones.", Tone.WARN)

    async def do_resume(self) -> None:
        """Allow new orders again, after a question."""
        console = self._console
        status = console.board.status
        reason = status.guard.reason if status else ""
        question = Question("Allow new orders again?", (("halted for", reason),), "RESUME")
        if await self._asked(question):
            await console.desk.resume()
            console.say("New orders are allowed again.")

    # --- planning and sending ----------------------------------------------------------------

    async def do_preview(self) -> None:
        """Plan the staged order in every account."""
        await self._console.trading.preview()

    async def do_send(self) -> None:
        """Ask for the confirmation of the plan, and send it if it is given."""
        console = self._console
        stage = console.session.stage
        if stage is None or stage.plan is None:
            return
        plan = stage.plan
        answer = await self._asked(question_of(plan))
        if answer is None:
            return
        if not answer:
            console.say("Nothing was sent.")
            return
        sent = await console.trading.send(plan)
        console.say(f"Sent: broadcast …{sent.broadcast[-8:]} to {plan.counts['send']} accounts.")
        console.go("BLT")

    async def _asked(self, question: Question) -> bool | None:
        """Return the answer; None where another question is open already."""
        console = self._console
        if self._is_asking:
            return None
        self._is_asking = True
        try:
            answer = await console.push_screen_wait(Confirm(question, console.now))
        finally:
            self._is_asking = False
        console.modal_closed()
        return bool(answer)

    # --- leaving -----------------------------------------------------------------------------

    async def do_quit(self) -> None:
        """Leave; asks while orders work."""
        console = self._console
        status = console.board.status
        working = status.open_lines if status else 0
        if working:
            question = Question(
                f"Leave while {working} orders work?",
                (("orders", "stay at the broker and in the journal; nothing is cancelled"),),
                "LEAVE",
            )
            if not await self._asked(question):
                return
        console.exit(0)


def question_of(plan: PlanView) -> Question:
    """Return what the confirmation of a plan says: accounts, contracts, worst loss, requests."""
    sends = [line for line in plan.lines if line.verdict == "send"]
    count = len(sends)
    left_out = plan.counts.get("denied", 0) + plan.counts.get("skipped", 0)
    units = sum(line.quantity for line in sends)
    loss = "unlimited" if plan.max_loss is None else f"${money(plan.max_loss)}"
    facts = [
        ("order", plan.order),
        ("accounts", f"{count}" + (f", {left_out} left out" if left_out else "")),
        ("units", f"{units} in all"),
        ("worst loss", f"{loss} over all accounts"),
        ("buying power", f"${money(plan.requirement)} held"),
        ("requests", f"{count} orders at once"),
        ("plan", f"made {age(plan.expires - plan.created)} before it ends"),
    ]
    return Question(
        f"SEND {count} ORDERS",
        tuple(facts),
        f"SEND TO {count}",
        count=count if needs_count(plan) else None,
        expires=plan.expires,
        warnings=plan.notices,
    )
