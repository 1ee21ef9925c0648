"""Every login with how long it lasts; the one under the cursor can be signed in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from swimdesk.console.shell.logins import by_urgency
from swimdesk.console.signing.typed import detail_of, line_of
from swimdesk.console.signing.work import Wanted
from swimdesk.console.widgets.lines import style_of
from swimdesk.views.plain import plain_text
from swimdesk.views.signing import LoginView

LOOKS_S: Final = 1.0

LoginsOf = Callable[[], Sequence[LoginView]]


class LoginList(ModalScreen[Wanted]):
    """Gives the login to be signed in and the way; None for none."""

    DEFAULT_CSS = """
    LoginList { align: center middle; }
    LoginList > Vertical {
        width: 100%; max-width: 90; height: auto; max-height: 100%;
        border: round $primary; background: $surface; padding: 0 1;
        border-title-color: $foreground; border-subtitle-color: $dim;
    }
    LoginList OptionList, LoginList OptionList:focus {
        border: none; height: auto; max-height: 14; padding: 0; background: $surface;
        scrollbar-size-vertical: 1;
    }
    LoginList OptionList > .option-list--option-highlighted { text-style: reverse; }
    LoginList Static { width: 100%; height: auto; margin-top: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "close", show=False),
        Binding("j", "go(1)", "next", show=False),
        Binding("k", "go(-1)", "previous", show=False),
        Binding("a", "sign_in('assisted')", "assisted", show=False),
        Binding("m", "sign_in('manual')", "by hand", show=False),
    ]

    def __init__(self, logins: LoginsOf, now: Callable[[], datetime]) -> None:
        super().__init__()
        self._logins = logins
        self._now = now
        self._shown: tuple[LoginView, ...] = ()

    def compose(self) -> ComposeResult:
        """Lay the list out above what is to be known of one."""
        with Vertical() as box:
            box.border_title = Text("logins")
            box.border_subtitle = Text("Enter signs in   a assisted   m by hand   Esc closes")
            yield OptionList(markup=False)
            yield Static(markup=False)

    def on_mount(self) -> None:
        """Show them, and let the times run."""
        self._fill()
        self.query_one(OptionList).focus()
        self.set_interval(LOOKS_S, self._fill)

    def _fill(self) -> None:
        options, before = self.query_one(OptionList), self._here()
        at = options.highlighted or 0
        self._shown = tuple(by_urgency(self._logins()))
        names = [one.login for one in self._shown]
        if before is not None and before.login in names:
            # The order changes by itself: Enter must not sign another login in than the one meant.
            at = names.index(before.login)
        options.clear_options()
        options.add_options([Option(self._line(one)) for one in self._shown])
        if self._shown:
            options.highlighted = min(at, len(self._shown) - 1)
        self._tell()

    def _line(self, login: LoginView) -> Text:
        text = Text(no_wrap=True, overflow="ellipsis")
        for part, tone in line_of(login, self._now()):
            text.append(plain_text(part), style_of(self, tone))
        return text

    def _tell(self) -> None:
        one = self._here()
        told = detail_of(one, self._now()) if one else "There is no login."
        self.query_one(Static).update(Text(plain_text(told)))

    def _here(self) -> LoginView | None:
        at = self.query_one(OptionList).highlighted
        return self._shown[at] if at is not None and at < len(self._shown) else None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell of the login under the cursor."""
        event.stop()
        self._tell()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Sign it in as it is configured."""
        event.stop()
        self.action_sign_in("")

    def action_sign_in(self, way: str) -> None:
        """Choose the login under the cursor, and a way."""
        one = self._here()
        if one is not None:
            self.dismiss(Wanted(one.login, way))

    def action_go(self, steps: int) -> None:
        """Move the cursor."""
        options = self.query_one(OptionList)
        last = max(options.option_count - 1, 0)
        options.highlighted = min(max((options.highlighted or 0) + steps, 0), last)

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
