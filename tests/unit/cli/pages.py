"""The generated parts of docs/json.md, docs/errors.md and docs/risk.md.

``python -m tests.unit.cli.pages`` renews them after a change of views, errors or controls.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import types
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from tests.unit.cli.documents import DOCUMENTS, Document

import swimdesk.checks
import swimdesk.control.exchange
from swimdesk.desk.comparing import Difference, ReconcileVerdict
from swimdesk.domain.broadcast import BroadcastState, Grade
from swimdesk.domain.commands import CommandKind, CommandOutcome
from swimdesk.domain.decisions import Origin
from swimdesk.domain.orders import Doubt, LineState
from swimdesk.domain.plan import BrokerWord, Verdict
from swimdesk.domain.risk import CONTROLS, Control, DenialCode, Lack
from swimdesk.errors import SwimdeskError

DOCS = Path(__file__).parents[3] / "docs"
WORDS: dict[str, type[StrEnum]] = {
    "`state` of a broadcast": BroadcastState,
    "`state` of a line": LineState,
    "`doubt` of a line in doubt": Doubt,
    "`kind` of a command": CommandKind,
    "`outcome` of a command": CommandOutcome,
    "`verdict` of a line of a plan": Verdict,
    "`verdict` of the broker's preview": BrokerWord,
    "`grade` of a denial": Grade,
    "`lack` that a reject taught": Lack,
    "`origin` of an order": Origin,
    "`kind` of a difference": Difference,
    "`verdict` of a comparison": ReconcileVerdict,
    "`state` of a check": swimdesk.checks.CheckState,
}
NAMES: dict[Any, str] = {
    str: "string",
    int: "whole number",
    float: "number",
    bool: "true or false",
    Decimal: "decimal as string",
    datetime: "time, UTC, ISO 8601 with Z",
}


def command_table() -> str:
    """Return the table of commands and their documents."""
    rows = (f"| `{command}` | {_shape(d)} |" for command, d in DOCUMENTS.items())
    return "\n".join(("| command | document |", "|---|---|", *rows))


def _shape(document: Document) -> str:
    if document.key is None:
        return link(document.view)
    if document.beside is None:
        return f'`{{"{document.key}": […]}}` of {link(document.view)}'
    beside, other = document.beside
    views = f"{link(document.view)} and {link(other)}"
    return f'`{{"{document.key}": […], "{beside}": […]}}` of {views}'


def link(view: type) -> str:
    return f"[{view.__name__}](#{view.__name__.lower()})"


def view_sections() -> str:
    """Return a section with a table of fields for every view that a document can hold."""
    return "\n\n".join(_section(view) for view in _reached())


def _section(view: type) -> str:
    hints = get_type_hints(view)
    fields = (f"| `{f.name}` | {_type(hints[f.name])} |" for f in dataclasses.fields(view))
    head = (f"### {view.__name__}", "", inspect.getdoc(view) or "", "")
    return "\n".join((*head, "| field | type |", "|---|---|", *fields))


def _type(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        (other,) = [one for one in get_args(kind) if one is not types.NoneType]
        return f"{_type(other)}, or null"
    if get_origin(kind) is tuple:
        return f"list of {_type(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"object of {_type(get_args(kind)[1])}s by name"
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return link(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "string"
    return NAMES[kind]


def _reached() -> list[type]:
    """Return the views of the documents and those inside them, each once, outer ones first."""
    waiting = [document.view for document in DOCUMENTS.values()]
    found: list[type] = []
    while waiting:
        view = waiting.pop(0)
        if view not in found:
            found.append(view)
            waiting[:0] = [x for hint in get_type_hints(view).values() for x in _views_in(hint)]
    return found


def _views_in(kind: Any) -> Iterator[type]:
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        yield kind
    for inner in get_args(kind):
        yield from _views_in(inner)


def words() -> str:
    """Return the words that stand in fields with few values."""
    return "\n".join(f"- {name}: {', '.join(kind)}." for name, kind in WORDS.items())


def error_table() -> str:
    """Return the table of error codes."""
    rows = (
        f"| `{kind.code}` | {int(kind.exit_code)} | {kind.title} | {_what(kind)} |"
        for kind in SwimdeskError.by_code.values()
        if kind.__module__.startswith("swimdesk.")
    )
    return "\n".join(("| code | exit | title | when |", "|---|---|---|---|", *rows))


def _what(kind: type[SwimdeskError]) -> str:
    said = (inspect.getdoc(kind) or "").splitlines()[0]
    return said.removeprefix("Report ").removesuffix(".")


def denials() -> str:
    """Return the codes of denials."""
    return "\n".join(f"- `{code}`" for code in DenialCode)


def controls() -> str:
    """Return the table of the controls."""
    head = ("| code | grade | denies | hard above | to go on |", "|---|---|---|---|---|")
    return "\n".join((*head, *map(_control, CONTROLS.values())))


def _control(control: Control) -> str:
    typed = f"`--override {control.code}={control.word or 'FIGURE'}`"
    how = {Grade.HARD: "", Grade.TYPED: typed, Grade.SOFT: f"`--ack {control.code}`"}
    ceiling = control.ceiling
    cells = (f"`{control.code}`", control.grade, control.denies, ceiling, how[control.grade])
    return f"| {' | '.join(cells)} |"


PARTS = {
    ("json.md", "commands"): command_table,
    ("json.md", "views"): view_sections,
    ("json.md", "words"): words,
    ("errors.md", "errors"): error_table,
    ("errors.md", "denials"): denials,
    ("risk.md", "controls"): controls,
}


def shown(page: str, name: str) -> str | None:
    """Return what stands on a page between the marks of a part; None without the marks."""
    found = _marked(name).search((DOCS / page).read_text("utf-8"))
    return found and found[2]


def renew() -> None:
    """Write every part into its page."""
    for (page, name), make in PARTS.items():
        text = (DOCS / page).read_text("utf-8")
        part = make()
        new = _marked(name).sub(lambda found, part=part: found[1] + part + found[3], text)  # type: ignore[misc]
        (DOCS / page).write_text(new, "utf-8")


def _marked(name: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {name} -->\n)(.*?)(\n<!-- /{name} -->)", re.DOTALL)


if __name__ == "__main__":
    renew()
