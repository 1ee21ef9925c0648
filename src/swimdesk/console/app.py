"""The console itself: frame, screens, and the one way by which every action is carried out."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

from textual import events
from textual.app import App, ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import WorkerFailed

from swimdesk.console.actions import ACTIONS, Action, action
from swimdesk.console.bell import Bell
from swimdesk.console.board import EVERYTHING, Board, Changes
from swimdesk.console.bridge import Bridge
from swimdesk.console.changing import Changing
from swimdesk.console.commands import Commands
from swimdesk.console.modals.reader import Page, Reader
from swimdesk.console.panel import Panel
from swimdesk.console.panels import PANELS
from swimdesk.console.session import Session
from swimdesk.console.shell.completing import Lexicon
from swimdesk.console.shell.dispatch import Dispatch
from swimdesk.console.shell.frame import Frame
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.shell.memory import LINES_KEPT, Memory
from swimdesk.console.shell.standing import Tone
from swimdesk.console.shell.terminal import LastingDriver
from swimdesk.console.signing.work import SignIn
from swimdesk.console.signing_in import SigningIn
from swimdesk.console.themes import THEMES
from swimdesk.console.trading import Surroundings, Trading
from swimdesk.console.widgets.prompt import Prompt
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import ExitCode, InputError, SwimdeskError
from swimdesk.views.models import BroadcastView

Answer = TypeVar("Answer")

MESSAGES_KEPT: Final = 200
_OWNER_GONE: Final = "OWNER_GONE"
"""The code of the error that nobody holds the home any more."""

CHAIN_STRIKES: Final = 40
"""So many strikes are read for completion."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was told to the operator."""

    at: datetime
    text: str
    tone: Tone


class Console(App[int], inherit_bindings=False):
    """The Textual program over a desk, in this process or over the socket."""

    TITLE = "swimdesk"
    ENABLE_COMMAND_PALETTE = False
    COMMANDS: ClassVar = set()
    CSS_PATH = None
    CSS = """
    Screen { background: $background; }
    ModalScreen { background: $background 60%; }
    ContentSwitcher { height: 1fr; }
    """

    def __init__(
        self,
        desk: DeskFacade,
        *,
        now: Callable[[], datetime],
        mint: Callable[[], str],
        first: str = "ACC",
        keymap: Keymap | None = None,
        home: Path | None = None,
        raise_halt: Callable[[str], object] | None = None,
        sign_in: SignIn | None = None,
    ) -> None:
        super().__init__(driver_class=LastingDriver)
        self.keymap = keymap or Keymap()
        self.memory = Memory(home)
        self._choose_theme()
        self.desk = desk
        self.raise_halt = raise_halt
        """Halts by a file in the home, which nothing can delay; None where there is no home."""
        self.now = now
        self.board = Board()
        self.session = Session()
        self.said: list[Said] = []
        self.crash: BaseException | None = None
        self.bridge = Bridge(desk, self.board, self._changed, self._desk_lost)
        self.trading = Trading(
            Surroundings(
                desk, self.board, self.session, now, mint,
                changed=self._session_changed, quiet=self._quiet, take=self._take,
            )
        )  # fmt: skip
        self.changing = Changing(self)
        self.signing = SigningIn(self, sign_in)
        self.commands = Commands(self)
        self.dispatch = Dispatch(self, self.keymap)
        self.lexicon = Lexicon(self.board)
        self.frame = Frame(self, self.lexicon)
        self._bell = Bell()
        self._panels: dict[str, Panel] = {}
        self._first = first
        self._way: list[str] = []
        self._lines: list[str] = []
        self._showing = asyncio.Lock()
        self.is_asking = False

    # --- frame -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield from self.frame.compose()

    async def on_mount(self) -> None:
        """Show the first screen and begin to follow the desk."""
        self.load_memory()
        await self._show(self._first)
        self.frame.fit(self.size)
        self.set_interval(1.0, self._tick)
        self.start(self.bridge.run(), "bridge")
        self.start(self.frame.follow_market(), "market")

    @property
    def panel(self) -> Panel:
        """The screen in sight."""
        return self._panels[self._way[-1]]

    @property
    def is_showing(self) -> bool:
        """Whether a screen is in sight already."""
        return bool(self._way)

    @property
    def is_too_small(self) -> bool:
        """Whether the terminal is too small to trade on."""
        return self.frame.is_too_small

    @property
    def prompt(self) -> Prompt:
        """The command line."""
        return self.frame.prompt

    async def _show(self, code: str, subject: str = "") -> None:
        # Keys may ask for another screen while one is still being mounted.
        async with self._showing:
            await self._switch(code, subject)

    async def _switch(self, code: str, subject: str) -> None:
        switcher = self.frame.screens
        if code not in self._panels:
            kind = next(kind for kind in PANELS if kind.code == code)
            self._panels[code] = kind(self)
            await switcher.add_content(self._panels[code])
        if subject:
            self._panels[code].look_at(subject)
        if self._way:
            self.panel.hidden()
        if not self._way or self._way[-1] != code:
            self._way = [*self._way[-20:], code]
        switcher.current = self.panel.id
        self.panel.shown()
        self._give_keys_back()
        self.frame.changed()

    def hints_changed(self) -> None:
        """Show again which keys matter now."""
        self.frame.hints.refresh()

    def _tick(self) -> None:
        if not self.is_running:
            return
        # Above a question too: whether it is safe to act is read there as well.
        self.frame.ticked()
        if not self.is_modal:
            self.panel.ticked()

    @property
    def is_modal(self) -> bool:
        """Whether something stands above the screens and wants an answer."""
        return self.is_asking or len(self.screen_stack) > 1

    async def ask(self, screen: ModalScreen[Answer]) -> Answer | None:
        """Show what wants an answer and return that; None where something else stands there."""
        if self.is_asking:
            return None
        self.is_asking = True
        try:
            answer = await self.push_screen_wait(screen)
        finally:
            self.is_asking = False
        self.modal_closed()
        return answer

    # --- what surrounds the screens ----------------------------------------------------------

    def on_resize(self, event: events.Resize) -> None:
        """Take another size."""
        self.frame.fit(event.size)

    def _choose_theme(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        remembered = self.memory.theme()
        names = [theme.name for theme in THEMES]
        self.theme = remembered if remembered in names else names[0]

    def load_memory(self) -> None:
        """Take up the lines entered at earlier sittings."""
        self._lines = self.memory.lines()
        self.prompt.load_history(self._lines)
        self.lexicon.learn(self._lines)

    def understood(self, line: str) -> None:
        """Remember a line for the next sitting.

        What was not understood is not kept: a secret typed by mistake stays out of files.
        """
        self.lexicon.learn([line])
        self._lines = [*(one for one in self._lines if one != line), line][-LINES_KEPT:]
        self.start(asyncio.to_thread(self.memory.keep_lines, self._lines), "memory")

    def read(self, title: str, page: Page) -> None:
        """Show a page to be read above the screen."""

        async def until_closed() -> None:
            await self.ask(Reader(title, page))

        self.start(until_closed(), "reader")

    # --- news --------------------------------------------------------------------------------

    def _changed(self, changes: Changes) -> None:
        if self._bell.rings(self.board, changes):
            self.bell()
        if not self._way or not self.is_running:
            return
        self.frame.changed()
        if not self.is_modal:
            # Beneath a question it is painted whole when the way is free again.
            self.panel.board_changed(changes)

    def _session_changed(self) -> None:
        if self._way:
            self.frame.changed()
            self.panel.session_changed()

    def _desk_lost(self, error: SwimdeskError | None) -> None:
        told, self.session.is_lost = self.session.is_lost, error.detail if error else None
        if error is None:
            self.say("The desk answers again.", Tone.PLAIN)
        elif error.detail != told:
            # Once: it is asked every second, and what else was said is not to be hidden.
            self.say(self._what_to_do(error), Tone.DANGER)
        self.frame.changed()

    def _what_to_do(self, error: SwimdeskError) -> str:
        if error.code != _OWNER_GONE:
            return f"The desk does not answer: {error.detail} Asking again."
        leave = self.keymap.hint("global.quit") or "QUIT"
        return (
            f"No desk runs on this home: start it again, or leave ({leave}) and open swimdesk anew."
        )

    def _take(self, view: BroadcastView) -> None:
        self.bridge.tell(self.board.answered(view))

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        with self.bridge.held(), self.batch_update():
            yield

    def modal_closed(self) -> None:
        """Paint what happened while a modal stood above the screen."""
        self.frame.changed()
        self.panel.board_changed(EVERYTHING)
        self._give_keys_back()

    # --- doing -------------------------------------------------------------------------------

    def next_key(self, hint: str, take: Callable[[str], None]) -> None:
        """Give the next key to this function, whatever it means otherwise; Esc gives nothing."""
        self.dispatch.wait(hint, take)

    async def on_event(self, event: events.Event) -> None:
        """Take keys as they arrive; a terminal that is too small takes stops and nothing else.

        A key that goes the long way, through the screen's queue, lets the next ones overtake it:
        of a text that arrives at once every letter would act on the screen.
        """
        if isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded:
            if isinstance(event, events.Key) and self._takes(event.key):
                return
            if self.is_too_small:
                return
        await super().on_event(event)

    def _takes(self, key: str) -> bool:
        if self.dispatch.before_all(key):
            return True
        return not isinstance(self.focused, Input) and self._takes_for_screen(key)

    def on_key(self, event: events.Key) -> None:
        """Take for the screen what the command line, or another input, leaves over."""
        if self._takes_for_screen(event.key):
            event.prevent_default()

    def _takes_for_screen(self, key: str) -> bool:
        own = self.screen.active_bindings.get(key)
        if own is not None and own.node not in (self, self.screen):
            return False
        return self.dispatch.behind_all(key)

    def do(self, action_id: str, *arguments: str) -> None:
        """Carry out an action, or say why it cannot be done now."""
        try:
            self.carry_out(action_id, *arguments)
        except SwimdeskError as error:
            self.say(error.detail, Tone.DANGER)

    def carry_out(self, action_id: str, *arguments: str) -> None:
        """Carry out an action; InputError where it does not take these arguments."""
        one = action(action_id)
        if self.is_modal and not one.emergency:
            return
        reason = self.why_not_now(one)
        if reason is not None:
            self.say(f"{one.title}: {reason}", Tone.WARN)
            return
        method = getattr(self._owner(one), one.method)
        try:
            inspect.signature(method).bind(*one.arguments, *arguments)
        except TypeError:
            takes = one.takes or "nothing behind it"
            found = " ".join(arguments) or "nothing"
            raise InputError(f"{one.typed or one.title} takes {takes}; found {found}.") from None
        outcome = method(*one.arguments, *arguments)
        if inspect.iscoroutine(outcome):
            self.start(outcome, one.id)

    def _owner(self, one: Action) -> object:
        return self.panel if hasattr(self.panel, one.method) else self.commands

    def why_not_now(self, one: Action) -> str | None:
        """Return why an action cannot be done now; None if it can."""
        if hasattr(self.panel, one.method):
            return self.panel.why_not(one)
        return self.commands.why_not(one)

    def start(self, work: Coroutine[Any, Any, object], name: str) -> None:
        """Let work run beside the screens; what goes wrong is said."""
        self.run_worker(self._told(work), name=name, group=name, exit_on_error=True)

    async def _told(self, work: Awaitable[object]) -> None:
        try:
            await work
        except SwimdeskError as error:
            self.say(error.detail, Tone.DANGER)

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Tell the operator something on the message line; it stays in the log."""
        plain = " ".join(text.split())
        if plain and tone is not Tone.DIM:
            self.said = [*self.said[-MESSAGES_KEPT:], Said(self.now(), plain, tone)]
        self.frame.message.say(plain, tone)

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """Carry out a line of the command line."""
        self._give_keys_back()
        self.commands.enter(event.text)

    def on_input_changed(self, event: Prompt.Changed) -> None:
        """Filter the list in sight while the filter is being typed."""
        if event.input is not self.prompt:
            return
        if event.value.startswith("/"):
            self.panel.filter(event.value[1:])
            return
        root = self.lexicon.wanted(event.value)
        if root is not None:
            self.start(self._learn(root), "completion")

    async def _learn(self, root: str) -> None:
        """Read what can be completed for a symbol; without it the line is typed by hand."""
        with contextlib.suppress(SwimdeskError):
            self.lexicon.take(root, await self.desk.chain(root, None, CHAIN_STRIKES))
            await self.prompt.offer_again()

    def on_prompt_offered(self, event: Prompt.Offered) -> None:
        """Tell what else could stand there."""
        shown = [f"[{o.text_to_insert}]" if n == event.at else o.text_to_insert
                 for n, o in enumerate(event.offers)]  # fmt: skip
        self.say("  ".join(shown[max(event.at - 2, 0) :]), Tone.DIM)

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Give the keys back to the screen."""
        self._give_keys_back()

    def _give_keys_back(self) -> None:
        self.screen_stack[0].set_focus(self.panel.entry())

    def on_descendant_focus(self) -> None:
        """Tell the keys of the message line as they are here: typing takes letters."""
        self.frame.message.refresh()

    def go(self, code: str, subject: str = "") -> None:
        """Show a screen by its code, on a subject where one was typed."""
        self.start(self._show(code, subject), "show")

    def go_back(self) -> None:
        """Show the screen before."""
        if len(self._way) > 1:
            self._way, before = self._way[:-1], self._way[-2]
            self.panel_hidden_then_show(before)

    def panel_hidden_then_show(self, code: str) -> None:
        """Show an earlier screen without adding a step to the way back."""
        self._way = self._way[:-1]
        self.start(self._show(code), "show")

    # --- end ---------------------------------------------------------------------------------

    def _handle_exception(self, error: Exception) -> None:
        """End at a bug of ours: the report is written outside, without local variables."""
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self.crash = self.crash or (error.error if isinstance(error, WorkerFailed) else error)
        self._return_code = int(ExitCode.BUG)
        self._close_messages_no_wait()


def all_methods_exist() -> list[str]:
    """Return the actions that nobody carries out; empty when every one has its method."""
    by_context = {context: kind for kind in PANELS for context in kind.contexts}
    return [
        one.id
        for one in ACTIONS
        if not hasattr(Commands, one.method)
        and not (one.context in by_context and hasattr(by_context[one.context], one.method))
    ]
