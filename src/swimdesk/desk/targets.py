"""Broadcasts and lines as commands name them: B for all lines, B/ALIAS for one."""

from __future__ import annotations

from collections.abc import Sequence

from swimdesk.desk.canceler import line_in
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.commands import Command
from swimdesk.domain.orders import TERMINAL


def is_over(broadcast: Broadcast, account: str | None) -> bool:
    """Tell whether the broadcast, or its line in that account, has come to its end."""
    if account is None:
        return broadcast.is_settled
    return line_in(broadcast, account).state in TERMINAL


def is_being_replaced(broadcast: Broadcast, account: str | None) -> bool:
    """Tell whether it is open of any of these lines which of two orders works."""
    lines = broadcast.lines if account is None else (line_in(broadcast, account),)
    return any(line.is_being_replaced for line in lines)


def on_lines(broadcast: Broadcast, commands: Sequence[Command]) -> list[Command]:
    """Return the commands that are on lines of this broadcast."""
    refs = {line.ref for line in broadcast.lines}
    return [command for command in commands if command.ref in refs]
