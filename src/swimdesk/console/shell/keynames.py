"""Names of keys: Textual's, people's, and which of them a terminal can deliver."""

from __future__ import annotations

import re
import string
from typing import Final

UNDELIVERABLE: Final = {
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
"""Keys that no action may have, with the reason."""

_SIGNS: Final = {
    "colon": ":", "question_mark": "?", "minus": "-", "plus": "+", "slash": "/", "asterisk": "*",
    "backslash": "\\", "comma": ",", "full_stop": ".", "at": "@", "left_square_bracket": "[",
    "right_square_bracket": "]", "underscore": "_", "semicolon": ";", "equals_sign": "=",
    "exclamation_mark": "!", "number_sign": "#", "dollar_sign": "$", "percent_sign": "%",
    "ampersand": "&", "apostrophe": "'", "quotation_mark": '"', "left_parenthesis": "(",
    "right_parenthesis": ")", "less_than_sign": "<", "greater_than_sign": ">",
    "circumflex_accent": "^", "grave_accent": "`", "left_curly_bracket": "{",
    "right_curly_bracket": "}", "vertical_line": "|", "tilde": "~",
}  # fmt: skip

_NAMED: Final = {
    "space": "Space", "enter": "Enter", "escape": "Esc", "pagedown": "PgDn", "pageup": "PgUp",
    "home": "Home", "end": "End", "up": "↑", "down": "↓", "left": "←", "right": "→", "tab": "Tab",
    "shift+tab": "Shift-Tab", "delete": "Del", "insert": "Ins", "backspace": "Backspace",
}  # fmt: skip

_SHOWN: Final = {**_SIGNS, **_NAMED}
_READ: Final = {written.lower(): name for name, written in _SHOWN.items()}
_FUNCTION: Final = re.compile(r"f([1-9]|1[0-2])")
_CONTROL: Final = re.compile(r"ctrl[+-]([a-z])")


def shown(key: str) -> str:
    """Return a key, or two pressed one after the other, as people write them."""
    return " ".join(_shown(part) for part in key.split())


def _shown(key: str) -> str:
    if key in _SHOWN:
        return _SHOWN[key]
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return key.upper() if _FUNCTION.fullmatch(key) else key


def read_key(written: str) -> str | None:
    """Return Textual's name of what a person wrote (``Ctrl-K``, ``?``, ``g g``); None if no key."""
    names = [_read(part) for part in written.split()]
    if not 1 <= len(names) <= 2 or None in names:
        return None
    return " ".join(name for name in names if name is not None)


def _read(written: str) -> str | None:
    if len(written) == 1 and written in string.ascii_letters + string.digits:
        return written
    small = written.lower()
    control = _CONTROL.fullmatch(small)
    if control:
        return f"ctrl+{control[1]}"
    if small.startswith(("alt+", "alt-")):
        return f"alt+{small[4:]}"
    if small in _SHOWN or _FUNCTION.fullmatch(small):
        return small
    return _READ.get(small)


def is_bare(key: str) -> bool:
    """Tell whether a key is pressed without Ctrl and is no function key: a letter, a sign."""
    last = key.split()[-1]
    return not (last.startswith("ctrl+") or _FUNCTION.fullmatch(last))
