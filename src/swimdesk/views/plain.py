"""Foreign text made safe to show: nothing in it can steer a terminal or hide from the eye."""

from __future__ import annotations

import unicodedata


def plain_text(text: str) -> str:
    """Return the text on one line, without control, bidirectional or zero-width characters."""
    # Categories C: what steers (C0, C1, ESC), reorders or hides. Z and the breaks: gaps.
    if text.isprintable():
        return text
    return "".join(
        " " if char in "\t\r\n" or unicodedata.category(char)[0] == "Z" else char
        for char in text
        if char in "\t\r\n" or unicodedata.category(char)[0] != "C"
    )
