"""What the console itself can do: screens, arming, staging, sending, halting, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Final

from swimdesk.console.actions import Action, Context, action
from swimdesk.console.asking import Asking
from swimdesk.console.formats import EASTERN, clock
from swimdesk.console.modals.confirm import Question
from swimdesk.console.modals.help import help_page
from swimdesk.console.modals.reader import facts
from swimdesk.console.questions import question_of
from swimdesk.console.session import ARMED_MIN, LONGEST_ARMED_MIN, Stage
from swimdesk.console.shell import explain
from swimdesk.console.shell.keynames import shown
from swimdesk.console.shell.palette import Entry, Palette
from swimdesk.console.shell.scopes import check_names, said, scope_of
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shell.typed import Accounts, Asked, Order, Typed, Verb, read_line
from swimdesk.console.themes import THEMES
from swimdesk.console.ticket.order import draft_of, read_draft, sized
from swimdesk.console.verbs import Verbs
from swimdesk.domain.orderlang import check_order
from swimdesk.domain.orderlang.commandline import OrderLine, read_scope
from swimdesk.errors import InputError, OrderDenied, PlanExpired, SwimdeskError
from swimdesk.views.models import PlanView
from swimdesk.views.requests import Scope

if TYPE_CHECKING:
    from swimdesk.console.app import Console

NO_SCOPE: Final = "Orders name their accounts; grp NAME, acc ALIAS or all alone says it for all."


class Commands(Verbs):
    """Carries out the actions that belong to no single screen."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self.asking = Asking(console)

    def why_not(self, one: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        session = self._console.session
        match one.id:
            case "global.send" | "global.resume" | "global.quit" if self.asking.is_open:
                return "a question is open"
            case "global.send":
                return self._console.trading.why_not_send()
            case "global.preview" if session.stage is None:
                return "there is no order: type one first (:)"
            case "global.login":
                return self._console.signing.why_not
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
        check_order(line.order)
        scope = self._scope(line)
        if scope.is_empty:
            raise InputError(
                "Say which accounts, behind the order: all, grp NAME, acc ALIAS, where …, marked."
            )
        stage = Stage(line.order, scope, line.sizing, line.remainder, line.waves)
        console.trading.put(stage)
        # What was said of the line before its accounts were named is over.
        console.say("", Tone.DIM)
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
        """Give the keys to the command line; what was kept on it is told, and typed behind."""
        prompt = self._console.prompt
        if prompt.value:
            self._console.say("The line was kept: Ctrl-U empties it, Enter enters it.", Tone.DIM)
        prompt.begin(prompt.value)

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

    def do_go(self, code: str, subject: str = "") -> None:
        """Show a screen, on a subject where one was typed."""
        self._console.go(code, subject)

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
        reason = reason or "halted at the console"
        # The file first: an owner that hangs looks at it before every send.
        self._halt_by_file(reason)
        try:
            guard = await console.desk.halt(reason)
        except SwimdeskError as error:
            console.say(
                f"HALTED by the file; the desk did not confirm: {error.detail}", Tone.DANGER
            )
            return
        console.say(
            f"HALTED: {guard.reason}. Open orders stay; REDUCE or RESUME ends it.", Tone.WARN
        )

    async def do_reduce(self, reason: str = "") -> None:
        """Let only orders leave that close what is held; from a halt after a question."""
        console = self._console
        status = console.board.status
        if status is not None and status.guard.state == "halted":
            facts = (
                ("halted for", status.guard.reason),
                ("then", "orders that close what is held may leave, no others"),
            )
            if not await self._asked(Question("Let closing orders leave again?", facts, "REDUCE")):
                return
        guard = await console.desk.reduce(reason or "reduced at the console")
        console.say(
            f"REDUCING: {guard.reason}. Only closing orders leave; RESUME allows all.", Tone.WARN
        )

    def _halt_by_file(self, reason: str) -> None:
        console = self._console
        if console.raise_halt is None:
            return
        try:
            console.raise_halt(reason)
        except SwimdeskError as error:
            console.say(f"The halt file could not be written: {error.detail}", Tone.DANGER)

    async def do_resume(self) -> None:
        """Allow new orders again, after a question."""
        console = self._console
        status = console.board.status
        reason = status.guard.reason if status else ""
        state = status.guard.state if status else "halted"
        question = Question("Allow new orders again?", ((f"{state} for", reason),), "RESUME")
        if await self._asked(question):
            await console.desk.resume()
            console.say("New orders are allowed again.")

    # --- canceling and replacing --------------------------------------------------------------

    async def do_cancel_all(self) -> None:
        """Cancel all working orders of the whole desk."""
        await self._console.changing.cancel_all()

    def do_cxl(self, rest: str = "") -> Coroutine[object, object, None] | None:
        """Cancel what is named behind the word."""
        if not rest:
            self._console.prompt.begin("CXL ")
            self._console.say("CXL takes *, an underlying (SPY*), an account, or BROADCAST/ALIAS.")
            return None
        return self._console.changing.cancel_typed(rest)

    def do_rpl(self, rest: str = "") -> Coroutine[object, object, None] | None:
        """Replace what is named behind the word, at the price behind it."""
        if not rest:
            self._console.prompt.begin("RPL ")
            self._console.say(
                "RPL takes a broadcast, /ALIAS for one account, @PRICE, and codes to lift."
            )
            return None
        return self._console.changing.replace_typed(rest)

    # --- planning and sending ----------------------------------------------------------------

    async def do_preview(self) -> None:
        """Plan the staged order in every account."""
        await self._console.trading.preview()

    async def do_size(self, sizing: str = "") -> None:
        """Size the staged order another way and plan it."""
        stage = self._console.session.stage
        if stage is None:
            raise InputError("There is no order to size: type one first (:).")
        trading = self._console.trading
        trading.put(sized(stage, draft_of(stage), sizing.lower()))
        await trading.preview()

    async def do_override(self, word: str = "") -> None:
        """Lift a denial by typing its figure, or take every override back; plans anew."""
        stage, trading = self._console.session.stage, self._console.trading
        if stage is None:
            raise InputError("There is no order: type one first (:).")
        if not word:
            raise InputError("OVERRIDE wants CODE=FIGURE or CODE as a denial names it, or NONE.")
        is_none = word.upper() == "NONE"
        trading.put(stage.changed(overrides=()) if is_none else stage.overridden(word.upper()))
        await trading.preview()

    async def do_send(self) -> None:
        """Ask for the confirmation of the plan, and send it if it is given."""
        console, trading = self._console, self._console.trading
        stage = console.session.stage
        if self.asking.is_open:
            return
        reason = trading.why_not_send()
        if reason is not None or stage is None or stage.plan is None:
            # A change came between the key and this.
            console.say(f"send: {reason or 'there is no plan'}", Tone.WARN)
            return
        plan, sent = stage.plan, None
        self._quote(plan)
        try:
            with ExitStack() as held:
                question = self._sending(stage, plan)
                quiet = partial(held.enter_context, trading.quiet())
                async with self.asking.ask(question, quiet) as yes:
                    sent = await trading.send(plan) if yes else None
        except (PlanExpired, OrderDenied) as refused:
            await trading.preview()
            console.say(f"Nothing was sent: {refused.detail} The plan is made anew.", Tone.DANGER)
            return
        if sent is None:
            late = ": the plan became too old, F9 makes a fresh one"
            console.say(f"Nothing was sent{late if self.asking.was_late else ''}.")
            return
        console.say(f"Sent: broadcast …{sent.broadcast[-8:]} to {plan.counts['send']} accounts.")
        console.go("BLT")

    def _quote(self, plan: PlanView) -> None:
        """Look the legs up for the question, unless that has just been done."""
        draft, quoting = read_draft(plan.order), self._console.trading.quoting
        if draft is not None and not quoting.is_fresh(draft.ticket):
            self._console.start(quoting.look(), "quotes")

    def _sending(self, stage: Stage, plan: PlanView) -> Question:
        console = self._console
        return question_of(
            stage,
            plan,
            mode=console.board.status.mode if console.board.status else "",
            latest=lambda: console.trading.quoting.latest,
            now=console.now,
        )

    async def _asked(self, question: Question) -> bool | None:
        """Return the answer; None where another question is open already."""
        return None if self.asking.is_open else await self.asking.asked(question)

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
