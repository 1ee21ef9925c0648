"""All keys of a screen and what the words mean."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from swimdesk.console.actions import Action, Context
from swimdesk.console.modals.reader import Page, paragraph
from swimdesk.console.shell.keymap import Keymap
from swimdesk.console.shell.keynames import shown

WORDS: Final = (
    ("ticket", "what is to be traded, before it is known in which accounts"),
    ("plan", "what each account would get, and why; only a plan can be sent, while it lives"),
    ("broadcast", "one plan sent: one order per account at the same moment"),
    ("denied", "our own checks said no; nothing was sent"),
    ("skipped", "the sizing gave this account nothing"),
    ("not sent", "no byte of it left this machine"),
    ("refused", "the broker said no at once"),
    ("rejected", "the broker took the order and said no later"),
    ("in doubt", "sent, and nobody knows yet: reads decide, nothing is sent again"),
    ("working", "the broker has the order and it can fill"),
    ("armed", "sending is allowed for some minutes; without it the console only reads"),
    ("halted", "no new order leaves, whoever asks; cancels do"),
    ("dispersion", "spread of fill prices over accounts, in basis points"),
    ("skew", "time between the first and the last request of a broadcast"),
)
"""Words of the field as this desk uses them."""

LINE: Final = (
    ("ORDER all", "an order and the accounts behind it: all, grp NAME, acc FAM-01..05, marked,"),
    ("", "where bp>20000 and not ira; then a size such as mult or risk:500"),
    ("grp NAME", "accounts alone: where orders go that name none"),
    ("… ?", "explains the line instead of carrying it out"),
    ("2", "a digit alone is the screen of that key"),
    ("Tab", "completes; again the next; Up and Down bring earlier lines"),
)
"""What the command line takes."""

_TITLES: Final = {Context.LIST: "EVERY LIST", Context.GLOBAL: "EVERYWHERE"}


def help_page(keymap: Keymap, contexts: tuple[Context, ...]) -> Page:
    """Return the help of a screen: its own keys, the lists', the global ones, line and words."""

    def page(width: int) -> Text:
        text = Text()
        for context in (*contexts, Context.GLOBAL):
            actions = keymap.actions(context)
            if actions:
                text.append(f"{_TITLES.get(context, context.value.upper())}\n", "bold underline")
            typed = max((len(_typed(one)) for one in actions), default=0)
            for one in actions:
                _action(text, one, typed and typed + 2, width)
        _words(text, "COMMAND LINE", LINE, width)
        _words(text, "WORDS", WORDS, width)
        text.rstrip()
        return text

    return page


def _typed(one: Action) -> str:
    return f"{one.typed} …" if one.takes else one.typed


def _action(text: Text, one: Action, columns: int, width: int) -> None:
    keys = " ".join(shown(key) for key in one.keys)
    heads = [(f"  {keys}", max(14, len(keys) + 3), "bold")]
    if columns:
        heads.append((_typed(one), columns, ""))
    paragraph(text, heads, one.help, width)


def _words(text: Text, title: str, words: tuple[tuple[str, str], ...], width: int) -> None:
    text.append(f"{title}\n", "bold underline")
    for word, meaning in words:
        paragraph(text, [(f"  {word}", 14, "bold")], meaning, width)
