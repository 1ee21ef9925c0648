"""A run as tables: figures beside the floor, then what is asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from swimdesk.bench.figures import CONTROL, FLOOR, PRODUCT
from swimdesk.bench.views import FanoutView, SizeView

FIGURES: Final = ("accounts", "sender", "skew", "last", "overhead", "cpu_us", "ratios")
GATES: Final = ("accounts", "figure", "asked", "measured", "met")


def figure_rows(view: FanoutView) -> Iterable[dict[str, object]]:
    """Return a row per size and sender: medians in ms, and skew / last / overhead to the floor."""
    for size in view.results:
        for who in (PRODUCT, FLOOR, CONTROL):
            own = getattr(size, who)
            yield {
                "accounts": size.accounts,
                "sender": who,
                "skew": f"{own.skew_ms.p50:.2f}",
                "last": f"{own.last_ms.p50:.2f}",
                "overhead": f"{own.overhead_ms.p50:.2f}",
                "cpu_us": f"{own.cpu_us_per_order:.1f}",
                "ratios": _ratios(size, who),
            }


def gate_rows(view: FanoutView) -> Iterable[dict[str, object]]:
    """Return a row per size and figure that something is asked of."""
    asked = [(str(size.accounts), gate) for size in view.results for gate in size.gates]
    if view.console is not None:
        asked += [(f"{view.console.accounts} console", gate) for gate in view.console.gates]
    for accounts, gate in asked:
        yield {
            "accounts": accounts,
            "figure": gate.figure,
            "asked": f"{gate.asked:g}",
            "measured": f"{gate.measured:g}",
            "met": "yes" if gate.met else "no",
        }


def _ratios(size: SizeView, who: str) -> str:
    found = {PRODUCT: size.ratio, CONTROL: size.control_ratio}.get(who)
    return "" if found is None else f"{found.skew:.2f} / {found.last:.2f} / {found.overhead:.2f}"
