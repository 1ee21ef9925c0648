"""Commands on orders, as plain functions over one connection; each write is one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from swimdesk.domain.commands import Command, CommandKind, CommandOutcome
from swimdesk.errors import InvariantBroken
from swimdesk.store import chain, queries
from swimdesk.store.connection import transaction
from swimdesk.store.rows import Row, decimal_of, decimal_text, readable, time_of, time_text

_INSERT = (
    "INSERT INTO commands"
    " (id, ref, kind, at, order_id, outcome, answered, reason, price, new_order_id)"
    " VALUES (:id, :ref, :kind, :at, :order_id, :outcome, :answered, :reason, :price,"
    " :new_order_id)"
)
_END = (
    "UPDATE commands SET outcome = :outcome, answered = :answered, reason = :reason,"
    " new_order_id = :new_order_id WHERE id = :id AND outcome IS NULL"
)
_ANSWER = (
    "INSERT INTO answers (command, outcome, answered, reason, new_order_id)"
    " VALUES (:id, :outcome, :answered, :reason, :new_order_id)"
)


def begin(connection: sqlite3.Connection, commands: Sequence[Command]) -> None:
    """Write commands before any of them is sent; InvariantBroken for a line that is not known."""
    if not commands:
        return
    with transaction(connection):
        try:
            connection.executemany(_INSERT, [_values(command) for command in commands])
        except sqlite3.IntegrityError as error:
            raise InvariantBroken(f"commands cannot be written as they are ({error})") from error
        _keep_answers(connection, [one for one in commands if one.outcome is not None])
        chain.extend(connection, time_text(commands[0].at), ("commands", "answers"))


def end(connection: sqlite3.Connection, commands: Sequence[Command]) -> None:
    """Write what became of commands, once for each."""
    if not commands:
        return
    with transaction(connection):
        for command in commands:
            if connection.execute(_END, _values(command)).rowcount != 1:
                raise InvariantBroken(f"there is no command {command.id} without an outcome")
        _keep_answers(connection, commands)
        answered = max(c.answered or c.at for c in commands)
        chain.extend(connection, time_text(answered), ("answers",))


def _keep_answers(connection: sqlite3.Connection, commands: Sequence[Command]) -> None:
    connection.executemany(_ANSWER, [_values(command) for command in commands])


def of_broadcast(connection: sqlite3.Connection, broadcast_id: str) -> tuple[Command, ...]:
    """Read the commands on the lines of a broadcast, oldest first."""
    return commands_of(connection.execute(queries.COMMANDS, (broadcast_id,)).fetchall())


def commands_of(rows: Sequence[Row]) -> tuple[Command, ...]:
    """Build commands from rows of ``queries.COMMANDS``."""
    with readable("commands"):
        return tuple(_command(*row) for row in rows)


def _command(
    id_: str,
    ref: str,
    account: str,
    kind: str,
    at: str,
    order_id: str | None,
    outcome: str | None,
    answered: str | None,
    reason: str | None,
    price: str | None,
    new_order_id: str | None,
) -> Command:
    return Command(
        id=id_,
        ref=ref,
        account=account,
        kind=CommandKind(kind),
        at=time_of(at),
        order_id=order_id,
        outcome=None if outcome is None else CommandOutcome(outcome),
        answered=None if answered is None else time_of(answered),
        reason=reason,
        price=decimal_of(price),
        new_order_id=new_order_id,
    )


def _values(command: Command) -> dict[str, Any]:
    return {
        "id": command.id,
        "ref": command.ref,
        "kind": command.kind.value,
        "at": time_text(command.at),
        "order_id": command.order_id,
        "outcome": None if command.outcome is None else command.outcome.value,
        "answered": None if command.answered is None else time_text(command.answered),
        "reason": command.reason,
        "price": decimal_text(command.price),
        "new_order_id": command.new_order_id,
    }
