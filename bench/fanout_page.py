"""docs/benchmarks.md out of the documents of ``swimdesk bench fanout --json``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from swimdesk.bench.figures import CONTROL, FLOOR, PRODUCT
from swimdesk.bench.views import BesideView, ConsoleView, FanoutView, GateView, SizeView, Spread

NAMES = ("skew", "last", "overhead")
HEAD = """\
# How fast the burst is

Made by `make bench ARGS=fanout`; nothing here is typed by hand. One process sends the same iron
condor to every account in three ways, in turns of an order of chance, to one order host on this
machine (TLS 1.3 on loopback), which notes when each order arrived and answers a fixed time later:

- **product**: the whole path of `send` from a plan: checked again, written down in one synchronous
  commit, sent, answers told apart, outcomes written down.
- **floor**: what Python does at best with ready-made means: uvloop protocols over TLS, bytes made
  before, one loop of writes, no journal.
- **control**: the floor a second time. Where its ratio leaves 0.75 to 1.35 the machine was not
  steady, and the row is void.

*skew*: last minus first arrival. *last*: start of the burst to the last arrival. *overhead*: start
of the burst to the last answer handled, less the latency; handled is read, decrypted, and found
whole and well-formed. What it means for its line is worked out when all that have come are read,
and is in *confirm to last outcome written*. The burst starts when the journal's commit is done,
which is shown by itself. Figures are medians, with the 95th percentile in brackets.
Ratios are medians of the ratios of each repetition: read those rather than the milliseconds.
"""

VARIANTS = """\
## Other ways of sending

Candidates that send the floor's bytes, with nothing else of the product: *bare* writes through the
TLS sockets themselves; *h2* sends the orders of a login as streams of one HTTP/2 connection, in one
write. The arrival of an HTTP/2 order is that of the last part of what was read with it. Ratios are
skew / last / overhead.

```
{variants}
```
"""


def page(views: Sequence[FanoutView], variants: str) -> str:
    """Return the page of these runs, sizes in order, and of the other ways of sending."""
    sizes = sorted((size for view in views for size in view.results), key=lambda one: one.accounts)
    repeats = {size.accounts: view.repeats for view in views for size in view.results}
    consoles = [view.console for view in views if view.console is not None]
    parts = [
        HEAD,
        _machine(views[0]),
        "## Beside the floor\n\n" + _table(_figures(sizes, repeats)),
        "## What is asked\n\n" + _table(_asked(sizes)),
        "## The journal, the answers, the memory\n\n" + _table(_ends(sizes)),
        *(_console(console) for console in consoles),
        VARIANTS.format(variants=variants),
    ]
    return "\n".join(parts)


def _machine(view: FanoutView) -> str:
    machine = view.machine
    return (
        f"Measured {view.measured[:10]}, swimdesk {view.version}, on {machine.cores} cores of"
        f" {machine.cpu}, {machine.kernel}, Python {machine.python}, {machine.openssl},"
        f" uvloop {machine.uvloop}; journal on {machine.journal_on}; arrivals by the clock of the"
        f" {machine.arrivals}; answers after {view.latency_ms:g} ms.\n"
    )


def _figures(sizes: Sequence[SizeView], repeats: dict[int, int]) -> Iterator[tuple[str, ...]]:
    yield "accounts", "repetitions", "sender", "skew ms", "last ms", "overhead ms", "CPU µs/order"
    for size in sizes:
        for who in (PRODUCT, FLOOR, CONTROL):
            own = getattr(size, who)
            spreads = (own.skew_ms, own.last_ms, own.overhead_ms)
            yield (
                f"{size.accounts:,}",
                str(repeats[size.accounts]),
                who,
                *map(_spread, spreads),
                f"{own.cpu_us_per_order:.0f}",
            )


def _asked(sizes: Sequence[SizeView]) -> Iterator[tuple[str, ...]]:
    yield "accounts", "product to floor: skew / last / overhead", "control to floor", "asked", ""
    for size in sizes:
        ratios = {gate.figure: gate for gate in size.gates if gate.figure.endswith("_ratio")}
        asked = [ratios[f"{name}_ratio"] for name in NAMES]
        yield (
            f"{size.accounts:,}",
            " / ".join(f"{gate.measured:.2f}" for gate in asked),
            " / ".join(f"{getattr(size.control_ratio, name):.2f}" for name in NAMES),
            " / ".join(f"{gate.asked:g}" for gate in asked),
            "void" if size.void else _verdict(asked),
        )


def _ends(sizes: Sequence[SizeView]) -> Iterator[tuple[str, ...]]:
    yield (
        *(
            "accounts",
            "commit ms",
            "confirm to commit ms",
            "confirm to last answer ms",
            "over slowest answer ms",
        ),
        *("confirm to last outcome written ms", "kB per warm account", "asked"),
    )
    for size in sizes:
        others = [gate for gate in size.gates if not gate.figure.endswith("_ratio")]
        kb = size.memory_kb_per_account.get(PRODUCT)
        yield (
            f"{size.accounts:,}",
            _spread(size.commit_ms),
            _spread(size.confirm_to_commit_ms),
            _spread(size.confirm_to_last_ack_ms),
            _spread(size.over_slowest_answer_ms),
            _spread(size.written_ms),
            "?" if kb is None else f"{kb:.0f}",
            "; ".join(map(_gate, others)),
        )


def _console(view: ConsoleView) -> str:
    def rows() -> Iterator[tuple[str, ...]]:
        yield "", "last ms", "confirm to last ms", "confirm to last answer ms"
        yield "without", *_beside(view.without)
        yield "with the console", *_beside(view.with_console)

    return (
        f"## Beside the console\n\n{view.pairs} pairs over {view.accounts} accounts, each confirmed"
        " at a chance moment while the console paints every row four times a second, and in a"
        f" second process without one. Median of the ratios: last {view.ratio_last:.2f}, confirm to"
        f" last {view.ratio_confirm_to_last:.2f}.\n\n{_table(rows())}\n"
        + "".join(f"- {_gate(gate)}\n" for gate in view.gates)
    )


def _beside(view: BesideView) -> tuple[str, str, str]:
    return (
        _spread(view.last_ms),
        _spread(view.confirm_to_last_ms),
        _spread(view.confirm_to_last_ack_ms),
    )


def _spread(spread: Spread) -> str:
    return f"{spread.p50:.2f} ({spread.p95:.2f})"


def _gate(gate: GateView) -> str:
    sign = "≤" if gate.met else "> asked"
    return f"{gate.figure} {gate.measured:g} {sign} {gate.asked:g}"


def _verdict(gates: Sequence[GateView]) -> str:
    missed = [gate.figure.removesuffix("_ratio") for gate in gates if not gate.met]
    return f"missed: {', '.join(missed)}" if missed else "met"


def _table(rows: Iterator[tuple[str, ...]]) -> str:
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
