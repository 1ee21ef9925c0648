"""The page docs/keys.md, made from the registry of actions.

``python -m tests.console.pages`` renews it after a change of actions or keys.
"""

from __future__ import annotations

from pathlib import Path

from swimdesk.console.actions import Action, Context
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.shell.keynames import UNDELIVERABLE, shown

PAGE = Path(__file__).parents[2] / "docs" / "keys.md"

_HEAD = """\
# Keys and typed commands of the console

Made from the registry of actions by `python -m tests.console.pages`; a test compares. `?` in the
console shows the keys of the screen in sight, Ctrl-P finds every action by its name.

A key has one meaning in a context. The screen's own keys come first, then those of every list, then
those that hold everywhere. Keys that stop work in the command line and above a question too. Two
keys with a space between are pressed one after the other. A word in capitals is typed on the
command line (`:`); what stands behind `…` may follow it there.
"""

_TAIL = """\
## Other keys

`keymap.toml` in the home gives actions other keys. It is read at the start; what is wrong with it
is told with file and line, and the console does not start (exit 2).

```toml
[global]
preview = ["f9", "Ctrl-G"]   # one key or several, written as above

[list]
top = "g t"                  # two keys, one after the other
copy = []                    # none: the palette still has it
```

Refused are: an action that does not exist; two meanings for a key in one context; an action that
can send on anything but a function key or Ctrl; an emergency action without a key, or on one that
typing needs; Alt with a key, which arrives as another key under tmux; and keys that do not arrive
or have a meaning elsewhere:
"""

_TITLES = {Context.LIST: "Every list", Context.GLOBAL: "Everywhere"}


def page() -> str:
    """Return the whole page."""
    keymap = Keymap()
    contexts = [Context.GLOBAL, Context.LIST]
    contexts += [context for context in Context if context not in contexts]
    sections = [_section(context, keymap.actions(context)) for context in contexts]
    refused = ", ".join(f"{shown(key)} ({why})" for key, why in UNDELIVERABLE.items())
    return "\n".join(
        [_HEAD, *(section for section in sections if section), _TAIL + refused + ".\n"]
    )


def _section(context: Context, actions: tuple[Action, ...]) -> str:
    if not actions:
        return ""
    title = _TITLES.get(context, context.value.capitalize())
    rows = (f"| {_keys(one)} | {_typed(one)} | {one.help} | `{one.id}` |" for one in actions)
    head = (f"## {title}", "", "| keys | typed | does | action |", "|---|---|---|---|")
    return "\n".join((*head, *rows, ""))


def _keys(one: Action) -> str:
    stop = ", stops from anywhere" if one.emergency else ""
    return ", ".join(f"`{shown(key)}`".replace("|", "\\|") for key in one.keys) + stop


def _typed(one: Action) -> str:
    if not one.typed:
        return ""
    return f"`{one.typed}`" + (f" … {one.takes}" if one.takes else "")


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
