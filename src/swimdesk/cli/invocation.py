"""What every command is given: the home, the settings file, its output and the way to the desk."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

import click

from swimdesk.cli.output import Output

if TYPE_CHECKING:
    from swimdesk.cli.running import Interruption
    from swimdesk.desk.facade import DeskFacade

T = TypeVar("T")

Session: TypeAlias = "Callable[[Path, Path | None], AbstractAsyncContextManager[DeskFacade]]"


def desk_session(home: Path, config: Path | None) -> AbstractAsyncContextManager[DeskFacade]:
    """Open the desk of a home: the owner's over its socket, or this process becomes the owner."""
    from swimdesk.cli.session import session

    return session(home, config)


class AskOwner(Protocol):
    """How the owner of a home is asked: None where nobody owns it."""

    def __call__(
        self, home: Path, question: Callable[[DeskFacade], Awaitable[T]], /
    ) -> T | None: ...


def ask_owner(home: Path, question: Callable[[DeskFacade], Awaitable[T]]) -> T | None:
    """Ask the owner of a home over its socket; None where nobody owns it, else HomeHeld."""
    from swimdesk.cli.session import ask_owner

    return ask_owner(home, question)


@dataclass(slots=True)
class Invocation:
    """One run of the program."""

    home_option: Path | None = None
    config: Path | None = None
    as_json: bool = False
    mouse: bool = True
    session: Session = desk_session
    owner: AskOwner = ask_owner

    @property
    def home(self) -> Path:
        """The home that the options and the environment name."""
        from swimdesk.config import home_path

        return home_path(self.home_option, os.environ)

    @property
    def output(self) -> Output:
        """The streams of this command."""
        return Output(as_json=self.as_json)

    def open(self) -> AbstractAsyncContextManager[DeskFacade]:
        """Open the desk of this home."""
        return self.session(self.home, self.config)

    def ask_owner(self, question: Callable[[DeskFacade], Awaitable[T]]) -> T | None:
        """Ask whoever owns this home, never becoming it; None where nobody does, else HomeHeld."""
        return self.owner(self.home, question)

    def ask(self, question: Callable[[DeskFacade], Awaitable[T]]) -> T:
        """Ask the desk one thing that changes nothing; asked again if its owner just left."""
        from swimdesk.cli.running import fast_loop, run_command

        async def work(_: Interruption) -> T:
            return await self._asked(question)

        return run_command(work, loop_factory=fast_loop)

    async def _asked(self, question: Callable[[DeskFacade], Awaitable[T]]) -> T:
        from swimdesk.errors import HomeHeld

        try:
            async with self.open() as desk:
                return await question(desk)
        except HomeHeld:
            # The owner may have ended just now; a home that is really held says so again.
            async with self.open() as desk:
                return await question(desk)


pass_invocation = click.make_pass_decorator(Invocation)
