"""Themes: one for dark terminals, one of high contrast, one for eyes that mix red and green."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

_TONES: Final = (
    "gain", "loss", "live", "paper", "halted", "armed", "doubt", "working", "dim", "flash", "mark",
)  # fmt: skip
"""The roles of colour that every theme gives a value; no colour carries meaning alone."""


def _theme(name: str, tones: dict[str, str], **colours: str) -> Theme:
    missing = set(_TONES) - set(tones)
    if missing:
        raise ValueError(f"theme {name} lacks {', '.join(sorted(missing))}")
    return Theme(name=name, dark=True, variables=tones, **colours)  # type: ignore[arg-type]


DESK: Final = _theme(
    "desk",
    {
        "gain": "#5fd787",
        "loss": "#ff8787",
        "live": "#af0000",
        "paper": "#0000af",
        "halted": "#d7af00",
        "armed": "#ffaf00",
        "doubt": "#ff5fd7",
        "working": "#87d7ff",
        "dim": "#8a8a8a",
        "flash": "#ffd75f",
        "mark": "#ffd75f",
        "footer-background": "#1c1c1c",
        "border": "#4e4e4e",
    },
    primary="#5fafd7",
    secondary="#87afaf",
    warning="#ffaf00",
    error="#ff5f5f",
    success="#5fd787",
    accent="#ffaf5f",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
)

CONTRAST: Final = _theme(
    "contrast",
    {
        "gain": "#00ff00",
        "loss": "#ff5f5f",
        "live": "#ff0000",
        "paper": "#0087ff",
        "halted": "#ffff00",
        "armed": "#ffff00",
        "doubt": "#ff87ff",
        "working": "#00ffff",
        "dim": "#bcbcbc",
        "flash": "#ffff00",
        "mark": "#ffff00",
        "border": "#ffffff",
    },
    primary="#00afff",
    secondary="#ffffff",
    warning="#ffff00",
    error="#ff5f5f",
    success="#00ff00",
    accent="#ffff00",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
)

COLOUR_BLIND: Final = _theme(
    "colour-blind",
    {
        "gain": "#56b4e9",
        "loss": "#e69f00",
        "live": "#a04000",
        "paper": "#0000af",
        "halted": "#f0e442",
        "armed": "#f0e442",
        "doubt": "#cc79a7",
        "working": "#9fd3f2",
        "dim": "#8a8a8a",
        "flash": "#f0e442",
        "mark": "#f0e442",
        "border": "#5f5f5f",
    },
    primary="#56b4e9",
    secondary="#9fd3f2",
    warning="#f0e442",
    error="#e69f00",
    success="#56b4e9",
    accent="#f0e442",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
)

THEMES: Final = (DESK, CONTRAST, COLOUR_BLIND)
