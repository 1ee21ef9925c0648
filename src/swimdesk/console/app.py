"""The console itself: frame, screens, and the one way by which every action is carried out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import ContentSwitcher, Input
from textual.worker import WorkerFailed

from swimdesk.console.actions import ACTIONS, Action, Context, action, actions_of
from swimdesk.console.bell import Bell
from swimdesk.console.board import EVERYTHING, Board, Changes
from swimdesk.console.bridge import Bridge
from swimdesk.console.changing import Changing
from swimdesk.console.commands import Commands
from swimdesk.console.keymap import bindings_of, check, sequences, shown
from swimdesk.console.palette import ActionProvider
from swimdesk.console.panel import Panel
from swimdesk.console.panels import PANELS
from swimdesk.console.session import Session
from swimdesk.console.standing import Tone, pieces
from swimdesk.console.themes import THEMES
from swimdesk.console.trading import Surroundings, Trading
from swimdesk.console.widgets.lines import Hints, MessageLine, StatusLine
from swimdesk.console.widgets.prompt import Prompt
from swimdesk.desk.facade import DeskFacade
from swimdesk.errors import ExitCode, SwimdeskError
from swimdesk.views.models import BroadcastView

MESSAGES_KEPT: Final = 200
LEAST_WIDTH: Final = 80
LEAST_HEIGHT: Final = 24

STOPS: Final = frozenset(key.split()[0] for one in ACTIONS if one.emergency for key in one.keys)
"""Keys that stop; they mean that whatever else waits for a key."""


_PROMPT_KEYS: Final = {
    key: one.id
    for one in ACTIONS
    if one.id in ("global.command", "list.filter")
    for key in one.keys
}
"""Keys after which text is typed."""


@dataclass(frozen=True, slots=True)
class Said:
    """Something that was told to the operator."""

    at: datetime
    text: str
    tone: Tone


class Console(App[int], inherit_bindings=False):
    """The Textual program over a desk, in this process or over the socket."""

    TITLE = "swimdesk"
    COMMANDS: ClassVar = {ActionProvider}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of(actions_of(Context.GLOBAL))]
    CSS_PATH = None
    CSS = """
    Screen { background: $background; }
    ContentSwitcher { height: 1fr; }
    """

    def __init__(
        self,
        desk: DeskFacade,
        *,
        now: Callable[[], datetime],
        mint: Callable[[], str],
        first: str = "ACC",
    ) -> None:
        check()
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name
        self.desk = desk
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
        self.commands = Commands(self)
        self._bell = Bell()
        self._panels: dict[str, Panel] = {}
        self._first = first
        self._way: list[str] = []
        self._showing = asyncio.Lock()
        self._next_key: Callable[[str], None] | None = None
        self._asks_to_quit = False

    # --- frame -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Lay out the frame; screens come when they are first shown."""
        yield StatusLine(lambda: pieces(self.board, self.session, self.now()))
        yield ContentSwitcher()
        yield MessageLine()
        yield Prompt()
        yield Hints(self._hints, self.do)

    async def on_mount(self) -> None:
        """Show the first screen and begin to follow the desk."""
        await self._show(self._first)
        self.set_interval(1.0, self._tick)
        self.start(self.bridge.run(), "bridge")

    @property
    def panel(self) -> Panel:
        """The screen in sight."""
        return self._panels[self._way[-1]]

    @property
    def prompt(self) -> Prompt:
        """The command line."""
        return self.screen_stack[0].query_one(Prompt)

    async def _show(self, code: str, subject: str = "") -> None:
        # Keys may ask for another screen while one is still being mounted.
        async with self._showing:
            await self._switch(code, subject)

    async def _switch(self, code: str, subject: str) -> None:
        switcher = self.screen_stack[0].query_one(ContentSwitcher)
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
        self._frame_changed()

    def _hints(self) -> Sequence[tuple[str, str, str, bool]]:
        if not self._way:
            return []
        contexts = (*self.panel.contexts, Context.GLOBAL)
        shown_here = [one for one in actions_of(*contexts) if one.footer and one.keys]
        shown_here.sort(key=lambda one: one.footer)
        return [
            (one.id, shown(one.keys[0]), one.title, self.why_not_now(one) is None)
            for one in shown_here
        ]

    def hints_changed(self) -> None:
        """Show again which keys matter now."""
        if self.is_running:
            self.screen_stack[0].query_one(Hints).refresh()

    def _frame_changed(self) -> None:
        if not self.is_running:
            # The desk may have news while the screens are being taken down.
            return
        base = self.screen_stack[0]
        for widget in (base.query_one(StatusLine), base.query_one(Hints)):
            widget.refresh()

    def _tick(self) -> None:
        if self.is_modal or not self.is_running:
            return
        self.screen_stack[0].query_one(StatusLine).refresh()
        self.panel.ticked()

    @property
    def is_modal(self) -> bool:
        """Whether something stands above the screens and wants an answer."""
        return len(self.screen_stack) > 1

    # --- news --------------------------------------------------------------------------------

    def _changed(self, changes: Changes) -> None:
        if self._bell.rings(self.board, changes):
            self.bell()
        if not self._way or self.is_modal or not self.is_running:
            # Painted whole when the way is free again.
            return
        self._frame_changed()
        self.panel.board_changed(changes)

    def _session_changed(self) -> None:
        if self._way:
            self._frame_changed()
            self.panel.session_changed()

    def _desk_lost(self, error: SwimdeskError | None) -> None:
        self.session.is_lost = error.detail if error else None
        if error is None:
            self.say("The desk answers again.", Tone.PLAIN)
        else:
            self.say(f"The desk does not answer: {error.detail} Asking again.", Tone.DANGER)
        self._frame_changed()

    def _take(self, view: BroadcastView) -> None:
        self.bridge.tell(self.board.put(view))

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        with self.bridge.held(), self.batch_update():
            yield

    def modal_closed(self) -> None:
        """Paint what happened while a modal stood above the screen."""
        self._frame_changed()
        self.panel.board_changed(EVERYTHING)
        self._give_keys_back()

    # --- doing -------------------------------------------------------------------------------

    def action_do(self, action_id: str) -> None:
        """Carry out an action by its id, as a key asks."""
        self.do(action_id)

    def action_prefix(self, key: str) -> None:
        """Take the first of two keys."""
        ways = self._sequences(key)
        hints = "  ".join(f"{shown(k.split()[1])} {action(i).title}" for k, i in ways.items())

        def take(second: str) -> None:
            chosen = ways.get(f"{key} {second}")
            if chosen is not None:
                self.do(chosen)

        self.next_key(f"{shown(key)} … {hints}", take)

    def next_key(self, hint: str, take: Callable[[str], None]) -> None:
        """Give the next key to this function, whatever it means otherwise; Esc gives nothing."""
        self._next_key = take
        self.say(hint, Tone.DIM)

    def _sequences(self, prefix: str) -> dict[str, str]:
        contexts = (Context.GLOBAL, *reversed(self.panel.contexts))
        found = sequences(actions_of(*contexts))
        return {keys: id_ for keys, id_ in found.items() if keys.split()[0] == prefix}

    async def on_event(self, event: events.Event) -> None:
        """Give the second of two keys to who waits for it, before anything else sees it."""
        take = self._next_key
        if isinstance(event, events.Key) and take is not None and not event.is_forwarded:
            self._next_key = None
            self.say("", Tone.DIM)
            if event.key not in STOPS:
                if event.key != "escape":
                    take(event.key)
                return
        if isinstance(event, events.Key) and self._opens_prompt(event):
            return
        await super().on_event(event)

    def _opens_prompt(self, event: events.Key) -> bool:
        """Open the command line before the key behind it is looked at.

        A key that goes the long way, through the screen's queue, lets the next ones overtake it:
        of a text that arrives at once every letter would act on the screen.
        """
        chosen = _PROMPT_KEYS.get(event.key)
        if chosen is None or self.is_modal or isinstance(self.focused, Input):
            return False
        one = action(chosen)
        if event.is_forwarded or one.context not in (*self.panel.contexts, Context.GLOBAL):
            return False
        self.do(chosen)
        return True

    def do(self, action_id: str, *arguments: str) -> None:
        """Carry out an action, or say why it cannot be done now."""
        one = action(action_id)
        if self.is_modal and not one.emergency:
            return
        self._asks_to_quit = self._asks_to_quit and one.id == "global.quit"
        reason = self.why_not_now(one)
        if reason is not None:
            self.say(f"{one.title}: {reason}", Tone.WARN)
            return
        outcome = getattr(self._owner(one), one.method)(*one.arguments, *arguments)
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
        if self.is_running:
            self.screen_stack[0].query_one(MessageLine).say(plain, tone)

    def on_prompt_entered(self, event: Prompt.Entered) -> None:
        """Carry out a line of the command line."""
        self._give_keys_back()
        self.commands.enter(event.text)

    def on_input_changed(self, event: Prompt.Changed) -> None:
        """Filter the list in sight while the filter is being typed."""
        if event.input is self.prompt and event.value.startswith("/"):
            self.panel.filter(event.value[1:])

    def on_prompt_left(self, event: Prompt.Left) -> None:
        """Give the keys back to the screen."""
        self._give_keys_back()

    def _give_keys_back(self) -> None:
        self.screen_stack[0].set_focus(self.panel.entry())

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
