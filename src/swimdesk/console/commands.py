"""What the console itself can do: screens, arming, staging, sending, halting, leaving."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from swimdesk.console import explain
from swimdesk.console.actions import Action, Context, action
from swimdesk.console.formats import EASTERN, age, clock, money
from swimdesk.console.keynames import shown
from swimdesk.console.modals.confirm import Confirm, Question
from swimdesk.console.modals.help import help_page
from swimdesk.console.modals.reader import facts
from swimdesk.console.palette import Entry, Palette
from swimdesk.console.scopes import check_names, said, scope_of
from swimdesk.console.session import ARMED_MIN, LONGEST_ARMED_MIN, Stage, needs_count
from swimdesk.console.standing import Tone
from swimdesk.console.themes import THEMES
from swimdesk.console.typed import Accounts, Asked, Order, Typed, Verb, read_line
from swimdesk.domain.orderlang import parse
from swimdesk.domain.orderlang.commandline import INTENTS, OrderLine, read_scope
from swimdesk.errors import InputError, SwimdeskError
from swimdesk.views.models import PlanView
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.console.app import Console

NO_SCOPE: Final = "Orders name their accounts; grp NAME, acc ALIAS or all alone says it for all."


class Commands:
    """Carries out the actions that belong to no single screen."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def why_not(self, one: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        session = self._console.session
        match one.id:
            case "global.send" | "global.resume" | "global.quit" if self._console.is_asking:
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
            self._carry_out(read_line(text, console.keymap.all_actions()))
        except SwimdeskError as error:
            is_told = error.column is None or error.detail.startswith("column ")
            where = "" if is_told else f"column {error.column}: "
            console.say(f"{where}{error.detail}", Tone.DANGER)
            console.prompt.begin(text, error.column - 1 if error.column else None)
            return
        console.understood(text)

    def _carry_out(self, typed: Typed) -> None:
        match typed:
            case Verb(action_id, rest):
                self._console.carry_out(action_id, *([rest] if rest else []))
            case Order():
                self.stage(typed.line)
            case Accounts():
                self._set_scope(typed.line)
            case Asked():
                self._explain(typed.about)

    def _explain(self, about: Verb | Order | Accounts) -> None:
        console, board = self._console, self._console.board
        match about:
            case Verb(action_id, _):
                one = action(action_id)
                told = explain.of_action(one, console.keymap, console.why_not_now(one))
            case Accounts():
                told = explain.of_accounts(self._scope(about.line), board)
            case Order():
                today = console.now().astimezone(EASTERN).date()
                told = explain.of_order(about.line, self._scope(about.line), board, today)
        console.read("what this line does", facts(told))

    def stage(self, line: OrderLine) -> None:
        """Stage an order and plan it at once; planning sends nothing."""
        console = self._console
        # A mistake in the order may have swallowed the words behind it: that comes first.
        if line.order.split()[0].upper() not in INTENTS:
            parse(line.order)
        scope = self._scope(line)
        if scope.is_empty:
            raise InputError(
                "Say which accounts, behind the order: all, grp NAME, acc ALIAS, where …, marked."
            )
        stage = Stage(line.order, scope, line.sizing, line.remainder, line.waves)
        console.trading.put(stage)
        console.go("TKT")
        console.start(console.trading.preview(), "preview")

    def _scope(self, line: OrderLine) -> Scope:
        session = self._console.session
        return scope_of(line, session.marks) if line.names_accounts else session.scope

    def do_scope(self, text: str = "") -> None:
        """Say where orders go that name no accounts, or tell it."""
        console = self._console
        if text.lower() == "none":
            console.session.scope = Scope()
            console.trading.refresh()
            console.say("Orders name their accounts.")
        elif text:
            self._set_scope(read_scope(text))
        else:
            told = said(console.session.scope, console.board)
            console.say(f"Orders that name no accounts go to {told}." if told else NO_SCOPE)

    def _set_scope(self, line: OrderLine) -> None:
        console = self._console
        scope = scope_of(line, console.session.marks)
        check_names(scope, console.board)
        console.session.scope = scope
        console.trading.refresh()
        told = said(scope, console.board)
        console.say(f"Orders that name no accounts go to {told}. SCOPE none forgets it.")

    def do_command(self) -> None:
        """Give the keys to the command line."""
        self._console.prompt.take_keys()

    # --- looking -----------------------------------------------------------------------------

    async def do_palette(self) -> None:
        """Let an action be searched by its name, and carry it out once the palette is gone."""
        console = self._console
        chosen = await console.ask(Palette(self.entries(), console.size.width))
        if chosen:
            console.do(chosen)

    def entries(self) -> list[Entry]:
        """Return every action of this screen and of all, as the palette shows them."""
        console = self._console
        here = console.keymap.actions(*console.panel.contexts, Context.GLOBAL)
        return [
            Entry(
                one.id,
                one.title,
                " ".join(shown(key) for key in one.keys[:2]),
                one.typed,
                one.help,
                console.why_not_now(one),
            )
            for one in here
        ]

    def do_help(self) -> None:
        """Show the keys of this screen."""
        console = self._console
        title = f"keys of {console.panel.title_text}"
        console.read(title, help_page(console.keymap, console.panel.contexts))

    def do_alarms(self) -> None:
        """Show the alarms of the desk, the newest first."""
        status = self._console.board.status
        alarms = status.alarms if status else ()
        told = [(str(number), text) for number, text in enumerate(reversed(alarms), start=1)]
        self._console.read("alarms, newest first", facts(told or [("", "There is no alarm.")]))

    def do_messages(self) -> None:
        """Show what was said, the newest first."""
        told = [(clock(one.at), one.text) for one in reversed(self._console.said)]
        self._console.read("messages, newest first", facts(told or [("", "Nothing was said yet.")]))

    def do_theme(self, name: str = "") -> None:
        """Change the colours."""
        console = self._console
        names = [theme.name for theme in THEMES]
        wanted = name.lower() or names[(names.index(console.theme) + 1) % len(names)]
        if wanted not in names:
            raise InputError(f"There is no theme {name}; there are {', '.join(names)}.")
        console.theme = wanted
        console.say(f"Theme: {wanted}.")
        console.start(asyncio.to_thread(console.memory.keep_theme, wanted), "memory")

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
        return await console.ask(Confirm(question, console.now))

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
