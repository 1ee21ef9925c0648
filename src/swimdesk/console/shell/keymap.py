"""Which key does what, per context; refuses two meanings for one key and unreachable stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from swimdesk.console.actions import ACTIONS, Action, Context, Grade
from swimdesk.console.shell.keynames import UNDELIVERABLE, is_bare, shown
from swimdesk.errors import ConfigError

PANELS: Final = tuple(one for one in Context if one not in (Context.GLOBAL, Context.LIST))

Beginning: TypeAlias = Mapping[str, Action]
"""The actions that a first key leads to, by the second key."""


class Keymap:
    """What each key means where; the one table behind dispatch, hints, help, palette and docs."""

    def __init__(self, actions: Iterable[Action] = ACTIONS) -> None:
        self._actions = {one.id: one for one in actions}
        check(self._actions.values())

    def keys(self, action_id: str) -> tuple[str, ...]:
        """Return the keys of an action, by Textual's names."""
        return self._actions[action_id].keys

    def hint(self, action_id: str) -> str:
        """Return the first key of an action as people write it; empty without one."""
        keys = self.keys(action_id)
        return shown(keys[0]) if keys else ""

    def all_actions(self) -> tuple[Action, ...]:
        """Return every action with the keys it has here."""
        return tuple(self._actions.values())

    def actions(self, *contexts: Context) -> tuple[Action, ...]:
        """Return the actions of these contexts with the keys they have here."""
        return tuple(
            one for context in contexts for one in self._actions.values() if one.context is context
        )

    def meaning(self, key: str, *contexts: Context) -> Action | Beginning | None:
        """Return what a key does, or begins; the first context that knows the key counts."""
        for context in contexts:
            begun = False
            for one in self.actions(context):
                if key in one.keys:
                    return one
                begun = begun or any(keys.startswith(f"{key} ") for keys in one.keys)
            if begun:
                return self._beginning(key, self.actions(*contexts))
        return None

    def stop(self, key: str) -> Action | Beginning | None:
        """Return the emergency action of a key, or those that it begins; they work everywhere."""
        stops = [one for one in self._actions.values() if one.emergency]
        exact = next((one for one in stops if key in one.keys), None)
        return exact or self._beginning(key, stops) or None

    def _beginning(self, key: str, actions: Iterable[Action]) -> Beginning:
        found: dict[str, Action] = {}
        for one in actions:
            for first, space, second in (keys.partition(" ") for keys in one.keys):
                if space and first == key:
                    found.setdefault(second, one)
        return found


def problems(actions: Iterable[Action]) -> list[str]:
    """Return what is wrong with the keys of these actions, in sentences; empty when nothing is."""
    actions = tuple(actions)
    return [*_clashes(actions), *_bad_keys(actions), *_bad_emergencies(actions)]


def check(actions: Iterable[Action] = ACTIONS) -> None:
    """Raise ConfigError with everything that is wrong with the keys."""
    found = problems(actions)
    if found:
        raise ConfigError("The keys of the console contradict each other: " + "; ".join(found))


def _clashes(actions: tuple[Action, ...]) -> Iterator[str]:
    """Find keys with two meanings in one context.

    A panel's own key may stand for a list's or a global one: that is what panels are for, save
    for the keys that stop.
    """
    for context in Context:
        meanings: dict[str, list[str]] = defaultdict(list)
        for one in actions:
            if one.context is context:
                for key in one.keys:
                    meanings[key].append(one.id)
        for key, ids in meanings.items():
            if len(ids) > 1:
                yield f"{shown(key)} means {' and '.join(ids)}"
            prefix, space, _ = key.partition(" ")
            if space and prefix in meanings:
                other = meanings[prefix][0]
                yield f"{shown(prefix)} is {other} and begins {shown(key)} of {ids[0]}"


def _bad_keys(actions: tuple[Action, ...]) -> Iterator[str]:
    for one in actions:
        for key in one.keys:
            for part in key.split():
                if part.startswith("alt+"):
                    yield f"{shown(key)} of {one.id} arrives as another key under tmux"
                if part in UNDELIVERABLE:
                    yield f"{shown(part)} of {one.id} cannot be used: {UNDELIVERABLE[part]}"
            if one.grade is Grade.SEND and is_bare(key):
                yield f"{one.id} can send and must be on a function key or Ctrl, not {shown(key)}"


def _bad_emergencies(actions: tuple[Action, ...]) -> Iterator[str]:
    stops = {key.split()[0]: one.id for one in actions if one.emergency for key in one.keys}
    for one in actions:
        if one.emergency and not one.keys:
            yield f"{one.id} must be reachable by a key"
        for key in one.keys:
            first = key.split()[0]
            if first in stops and stops[first] != one.id and not one.emergency:
                yield f"{shown(key)} of {one.id} hides {stops[first]}"
        if one.emergency and any(is_bare(key.split()[0]) for key in one.keys):
            yield f"{one.id} is on a letter and cannot be reached while typing"
