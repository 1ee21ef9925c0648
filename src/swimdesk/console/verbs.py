"""What is typed to decide and to close; each asks before anything happens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Final

from swimdesk.console.closing_out import ClosingOut
from swimdesk.console.deciding import Deciding

if TYPE_CHECKING:
    from swimdesk.console.app import Console

Work = Coroutine[object, object, None]

_TAKES: Final = {
    "RESOLVE": "RESOLVE takes BROADCAST/ALIAS, placed:ORDER_ID or absent, and why.",
    "ADOPT": "ADOPT takes ALIAS/ORDER_ID of an order that nobody here sent, and why.",
    "IGNORE": "IGNORE takes ALIAS/ORDER_ID of an order that nobody here sent, and why.",
    "UNDO": "UNDO takes a broadcast, /ALIAS for one account, and @nat, @mid or @MKT.",
    "FLATTEN": "FLATTEN takes accounts (all, grp NAME, acc ALIAS), and @nat, @mid or @MKT.",
}


class Verbs:
    """Carries out typed words; a word alone is begun on the command line and explained."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._deciding = Deciding(console)
        self._closing = ClosingOut(console)

    def do_resolve(self, rest: str = "") -> Work | None:
        """Say what became of an order in doubt."""
        return self._carry("RESOLVE", rest, self._deciding.resolve_typed)

    def do_adopt(self, rest: str = "") -> Work | None:
        """Take an order of somebody else for ours."""
        return self._carry("ADOPT", rest, self._deciding.adopt_typed)

    def do_ignore(self, rest: str = "") -> Work | None:
        """Tell an order of somebody else no more."""
        return self._carry("IGNORE", rest, self._deciding.ignore_typed)

    def do_undo(self, rest: str = "") -> Work | None:
        """Take a broadcast back, once its plan is confirmed."""
        return self._carry("UNDO", rest, self._closing.undo_typed)

    def do_flatten(self, rest: str = "") -> Work | None:
        """Leave accounts with nothing, once the number of accounts is typed."""
        return self._carry("FLATTEN", rest, self._closing.flatten_typed)

    def do_logins(self) -> Work:
        """Show the logins, and sign in the one that is chosen."""
        return self._console.signing.choose()

    def do_login(self, rest: str = "") -> Work:
        """Sign a login in, step by step."""
        signing = self._console.signing
        return signing.typed(rest) if rest else signing.choose()

    def _carry(self, word: str, rest: str, work: Callable[[str], Work]) -> Work | None:
        if rest:
            return work(rest)
        self._console.prompt.begin(f"{word} ")
        self._console.say(_TAKES[word])
        return None
