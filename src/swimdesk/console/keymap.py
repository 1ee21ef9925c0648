"""Which key does what, per context; refuses two meanings for one key and unreachable stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from textual.binding import Binding

from swimdesk.console.actions import ACTIONS, Action, Context, Grade
from swimdesk.errors import ConfigError

PANELS: Final = tuple(one for one in Context if one not in (Context.GLOBAL, Context.LIST))

_UNDELIVERABLE: Final = {
    "ctrl+i": "terminals send it as Tab",
    "ctrl+m": "terminals send it as Enter",
    "ctrl+j": "terminals send it as Enter",
    "ctrl+h": "terminals send it as Backspace",
    "ctrl+b": "it is tmux's prefix",
    "ctrl+a": "it is screen's prefix",
    "ctrl+s": "it may stop the terminal's output",
    "ctrl+q": "it may belong to the terminal",
    "ctrl+z": "it belongs to the shell",
    "ctrl+c": "it must stay harmless",
}


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
    """Find keys with two meanings where a context, its lists and the global keys hold together.

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
                yield f"{key} means {' and '.join(ids)}"
            prefix, space, _ = key.partition(" ")
            if space and prefix in meanings:
                yield f"{prefix} is {meanings[prefix][0]} and also begins {key} of {ids[0]}"


def _bad_keys(actions: tuple[Action, ...]) -> Iterator[str]:
    for one in actions:
        for key in one.keys:
            if key.startswith("alt+"):
                yield f"{key} of {one.id} arrives as another key under tmux"
            if key in _UNDELIVERABLE:
                yield f"{key} of {one.id} does not arrive: {_UNDELIVERABLE[key]}"
            if one.grade is Grade.SEND and len(key.split()[-1]) == 1:
                yield f"{one.id} can send and must not be on the letter {key}"


def _bad_emergencies(actions: tuple[Action, ...]) -> Iterator[str]:
    stops = {key: one.id for one in actions if one.emergency for key in one.keys}
    for one in actions:
        if one.emergency and not one.keys:
            yield f"{one.id} has no key"
        for key in one.keys:
            first = key.split()[0]
            if first in stops and stops[first] != one.id and not one.emergency:
                yield f"{key} of {one.id} hides {stops[first]}"
        if one.emergency and any(len(key.split()[0]) == 1 for key in one.keys):
            yield f"{one.id} is on a letter and cannot be reached while typing"


def bindings_of(actions: Iterable[Action]) -> list[Binding]:
    """Return Textual's bindings, the first action of a key winning; stops work from anywhere."""
    bindings: dict[tuple[str, bool], Binding] = {}
    for one in actions:
        for key in one.keys:
            prefix, space, _ = key.partition(" ")
            target = f"app.prefix('{prefix}')" if space else f"app.do('{one.id}')"
            first = one.emergency or (prefix.startswith("f") and len(prefix) > 1)
            binding = Binding(prefix, target, one.title, show=False, priority=first)
            bindings.setdefault((prefix, first), binding)
    return list(bindings.values())


def sequences(actions: Iterable[Action]) -> Mapping[str, str]:
    """Return the keys pressed one after the other, each with its action's id."""
    return {key: one.id for one in actions for key in one.keys if " " in key}


_SHOWN: Final = {
    "colon": ":", "question_mark": "?", "minus": "-", "plus": "+", "slash": "/", "asterisk": "*",
    "backslash": "\\", "space": "Space", "enter": "Enter", "escape": "Esc", "pagedown": "PgDn",
    "pageup": "PgUp", "home": "Home", "end": "End", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "comma": ",", "full_stop": ".", "at": "@", "left_square_bracket": "[",
    "right_square_bracket": "]", "underscore": "_", "tab": "Tab", "shift+tab": "Shift-Tab",
    "equals_sign": "=",
}  # fmt: skip


def shown(key: str) -> str:
    """Return a key as people write it."""
    return " ".join(_one(part) for part in key.split())


def _one(key: str) -> str:
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    if key.startswith("f") and key[1:].isdigit():
        return key.upper()
    return key
