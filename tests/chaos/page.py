"""docs/chaos.md out of the documents of the campaigns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

HEAD = """\
# What was tried to break it

Made by `make chaos ARGS="CAMPAIGN ..."` from the documents in `docs/chaos/`; nothing here is typed
by hand. `python -m tests.chaos --help` lists them, and
a case that fails prints the one line that replays it.

*lost*: an order that the brokerage has and the desk does not know of. *doubled*: two orders of one
intent. *lied*: something shown that the brokerage's ledger contradicts. All must be 0.

Orders by hand that look like the desk's are entered all the time, by our mark and by others'. By
ours they are not where orders come or show later than the horizon, or where lists leave orders
out for good: there nobody could tell such an order from one whose answer was lost.
"""

TITLES: Mapping[str, str] = {
    "seeds": "Seeded worlds on virtual time",
    "bugs": "Planted bugs, and after how many seeds each was seen",
    "machine": "Property machine: journal, reads and reconciler against a plain model",
    "cuts": "Connections cut at every byte",
    "kills": "Kill -9 at every named moment",
    "full": "Disk full at every write",
    "dual": "Several processes at one home",
    "clock": "Clock jumps",
    "corrupt": "Damaged databases",
}
"""By campaign, in the order of the page."""

_STAMP = ("date", "commit", "python")
_HIDDEN = frozenset({"campaign", *_STAMP})


def page(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page of these documents."""
    names = [*(name for name in TITLES if name in found), *sorted(found.keys() - TITLES.keys())]
    parts = [HEAD, *(_campaign(name, found[name]) for name in names)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _campaign(name: str, document: Mapping[str, Any]) -> str:
    when = (
        f"`{name}`, {document['date']}, commit {document['commit']}, Python {document['python']}."
    )
    lines = [f"## {TITLES.get(name, name)}", "", when, "", *_figures(document)]
    for key, value in document.items():
        if key not in _HIDDEN and value and not _is_plain(value):
            lines += ["", *_section(key, value)]
    return "\n".join(lines)


def _figures(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the table of single figures; an empty list or table is a figure too: none."""
    yield from ("| figure | value |", "|---|---|")
    for key, value in document.items():
        if key in _HIDDEN:
            continue
        if _is_plain(value):
            yield f"| {_words(key)} | {_shown(value)} |"
        elif not value:
            yield f"| {_words(key)} | none |"


def _section(key: str, value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        yield from (f"| {_words(key)} | |", "|---|---|")
        yield from (f"| {name} | {_shown(one)} |" for name, one in value.items())
    elif isinstance(value[0], Mapping):
        names = list(value[0])
        yield f"| {' | '.join(map(_words, names))} |"
        yield f"|{'---|' * len(names)}"
        yield from (f"| {' | '.join(_shown(row[name]) for name in names)} |" for row in value)
    else:
        yield f"{_words(key).capitalize()}:"
        yield ""
        yield from (f"- `{one}`" for one in value)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(key)} {_shown(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_shown, value))
    return "-" if value is None else str(value).replace("|", "\\|")
