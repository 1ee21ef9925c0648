"""The command palette: every action by its name, with its key and why it cannot be done now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider

from swimdesk.console.actions import Action, Context, actions_of
from swimdesk.console.keymap import shown

if TYPE_CHECKING:
    from swimdesk.console.app import Console


class ActionProvider(Provider):
    """Finds actions of the screen in sight and of all screens."""

    @property
    def _console(self) -> Console:
        from swimdesk.console.app import Console

        app = self.app
        if not isinstance(app, Console):
            raise TypeError("the palette belongs to the console")
        return app

    def _actions(self) -> tuple[Action, ...]:
        return actions_of(*self._console.panel.contexts, Context.GLOBAL)

    def _help(self, one: Action) -> str:
        keys = " or ".join(shown(key) for key in one.keys) or one.typed
        reason = self._console.why_not_now(one)
        return f"{keys}   {one.help}" + (f"   (not now: {reason})" if reason else "")

    async def discover(self) -> Hits:
        """List every action."""
        for one in self._actions():
            yield DiscoveryHit(one.title, self._run(one), help=self._help(one))

    async def search(self, query: str) -> Hits:
        """List the actions whose name is like the query."""
        matcher = self.matcher(query)
        for one in self._actions():
            score = matcher.match(one.title)
            if score > 0:
                yield Hit(score, matcher.highlight(one.title), self._run(one), help=self._help(one))

    def _run(self, one: Action) -> _Run:
        return _Run(self._console, one.id)


class _Run:
    """Carries out an action once the palette is gone."""

    def __init__(self, console: Console, action_id: str) -> None:
        self._console = console
        self._action_id = action_id

    def __call__(self) -> None:
        self._console.call_later(self._console.do, self._action_id)
