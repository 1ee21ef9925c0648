"""Read a home's past without owning it: over a connection that cannot change the file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiosqlite

from swimdesk.desk.ports import BroadcastSummary
from swimdesk.domain.broadcast import Broadcast
from swimdesk.domain.commands import Command
from swimdesk.domain.executions import Execution
from swimdesk.store import queries
from swimdesk.store.commands import commands_of
from swimdesk.store.connection import BUSY_TIMEOUT_S, read_only_address
from swimdesk.store.faults import NOTHING_SENT, told
from swimdesk.store.inspection import check_identity
from swimdesk.store.rows import Row, broadcast_of, executions_of, summary_of, write_times_of


class History:
    """Reads of one unchanging view of the database; StoreError when it cannot be read."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, schema: int) -> None:
        self._path = path
        self._connection = connection
        self._schema = schema

    async def newest(self, limit: int) -> tuple[BroadcastSummary, ...]:
        """Read the newest broadcasts first."""
        rows = await self._rows(queries.NEWEST, limit)
        return tuple([summary_of(await self._with_lines(row)) for row in rows])

    async def write_times(self, limit: int) -> tuple[Mapping[str, int], ...]:
        """Read of the newest broadcasts, newest first, when each account's order was written."""
        return write_times_of(await self._rows(queries.WRITE_TIMES, limit))

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Read one broadcast by its id or a unique ending of it; UnknownReference if ambiguous."""
        rows = await self._rows(queries.BROADCAST, broadcast_id)
        if not rows and queries.is_ending(broadcast_id):
            endings = await self._rows(queries.IDS_ENDING, broadcast_id)
            whole = queries.only(broadcast_id, [row[0] for row in endings])
            rows = [] if whole is None else await self._rows(queries.BROADCAST, whole)
        return await self._with_lines(rows[0]) if rows else None

    async def executions(self, broadcast_id: str) -> Mapping[str, tuple[Execution, ...]]:
        """Read the fills of a broadcast by line ref; lines without fills are left out."""
        return executions_of(await self._rows(queries.EXECUTIONS, broadcast_id))

    async def commands(self, broadcast_id: str) -> tuple[Command, ...]:
        """Read the commands on the lines of a broadcast, oldest first."""
        if self._schema < queries.FIRST_COMMANDS:
            return ()
        return commands_of(await self._rows(queries.COMMANDS, broadcast_id))

    async def counts(self) -> Mapping[str, int]:
        """Count all lines of the home by state."""
        return {row[0]: row[1] for row in await self._rows(queries.STATE_COUNTS)}

    async def _with_lines(self, row: Row) -> Broadcast:
        return broadcast_of(row, await self._rows(queries.LINES, row[0]))

    async def _rows(self, query: str, *parameters: str | int) -> list[Row]:
        with told(self._path, NOTHING_SENT):
            known = queries.for_schema(query, self._schema)
            return list(await self._connection.execute_fetchall(known, parameters))


@asynccontextmanager
async def open_history(
    path: Path, busy_timeout_s: float = BUSY_TIMEOUT_S
) -> AsyncIterator[History]:
    """Open a database that exists for reading; StoreError, SchemaTooNew, StoreCorrupt if not."""
    with told(path, NOTHING_SENT):
        connection = await aiosqlite.connect(
            read_only_address(path), uri=True, timeout=busy_timeout_s, isolation_level=None
        )
    try:
        with told(path, NOTHING_SENT):
            await connection.execute("BEGIN")
            (identity,) = await connection.execute_fetchall(queries.IDENTITY)
        schema = check_identity(path, (identity[0], identity[1]))
        yield History(path, connection, schema)
    finally:
        await connection.close()
