"""What stands on a terminal that is too small to trade on."""

from __future__ import annotations

from typing import Final

from rich.text import Text
from textual.app import ComposeResult
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

LEAST: Final = Size(80, 24)


def is_too_small(size: Size) -> bool:
    """Tell whether the console cannot be drawn on so many cells."""
    return size.width < LEAST.width or size.height < LEAST.height


def sentence(size: Size) -> str:
    """Return what is said instead."""
    return (
        f"The console needs {LEAST.width}x{LEAST.height}, this terminal has"
        f" {size.width}x{size.height}: make it larger."
    )


class TooSmall(Screen[None]):
    """One sentence; the screens come back when there is room."""

    def compose(self) -> ComposeResult:
        """Lay the sentence out."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Write it."""
        self.tell(self.app.size)

    def tell(self, size: Size) -> None:
        """Write it for another size."""
        self.query_one(Static).update(Text(sentence(size)))
