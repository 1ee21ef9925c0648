"""Which cells changed a moment ago, until one common timer lets them rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from swimdesk.console.widgets.cells import Cell, Row, sort_key

FLASH_S = 0.3
UP, DOWN, OTHER = "▴", "▾", "▪"

Signs = Mapping[int, str]
"""By the place of a column: the sign of its change."""


class Flashes:
    """The signs of what changed, by row; the newest change of a row decides when it rests."""

    def __init__(self, clock: Callable[[], float], lasting_s: float = FLASH_S) -> None:
        self._clock = clock
        self._lasting_s = lasting_s
        self._rows: dict[str, tuple[float, dict[int, str]]] = {}

    def note(
        self, key: str, before: Row, now: Row, signs_for: Sequence[bool] | None = None
    ) -> None:
        """Note which cells differ, and whether a figure rose or fell.

        ``signs_for`` tells by the place of a column whether its changes are shown; None: all are.
        """
        signs = {
            index: _sign(old, new)
            for index, (old, new) in enumerate(zip(before, now, strict=False))
            if old.text != new.text and (signs_for is None or signs_for[index])
        }
        if signs:
            earlier = self._rows.pop(key, (0.0, {}))[1]
            self._rows[key] = (self._clock() + self._lasting_s, earlier | signs)

    def signs(self, key: str) -> Signs:
        """Return the signs a row is painted with."""
        entry = self._rows.get(key)
        return entry[1] if entry else {}

    def wait_s(self) -> float | None:
        """Return the seconds until the first row rests; None when nothing flashes."""
        if not self._rows:
            return None
        # Each change puts its row at the end and all last equally long: the first is due first.
        due, _ = next(iter(self._rows.values()))
        return max(0.0, due - self._clock())

    def rest(self) -> list[str]:
        """Let what has flashed long enough rest; return those rows."""
        now = self._clock()
        rested = [key for key, (due, _) in self._rows.items() if due <= now]
        for key in rested:
            del self._rows[key]
        return rested

    def forget(self, key: str) -> None:
        """Drop the signs of a row that went."""
        self._rows.pop(key, None)

    def clear(self) -> None:
        """Drop all signs."""
        self._rows.clear()


def _sign(old: Cell, new: Cell) -> str:
    before, now = sort_key(old), sort_key(new)
    if before is None or now is None or before[0] or now[0] or before == now:
        return OTHER
    return UP if now > before else DOWN
