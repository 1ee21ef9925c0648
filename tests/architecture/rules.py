"""Rules of the house that no linter knows: each names the lines of a source text that break it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

FILE_WALL = 500
FUNCTION_WALL = 50

WALL_CLOCK = frozenset(
    {
        "datetime.now",
        "datetime.today",
        "datetime.utcnow",
        "date.today",
        "time.time",
        "time.time_ns",
    }
)
TASK_MAKERS = frozenset({"create_task", "ensure_future"})
# A task group awaits its tasks and so owns them.
OWNING_RECEIVERS = ("group", "tg")


class Finding(NamedTuple):
    """One line that breaks a rule."""

    line: int
    what: str


def long_file(text: str) -> Iterator[Finding]:
    """Find a file beyond the wall."""
    length = len(text.splitlines())
    if length > FILE_WALL:
        yield Finding(length, f"{length} lines, the wall is {FILE_WALL}")


def long_functions(text: str) -> Iterator[Finding]:
    """Find functions beyond the wall, docstring included."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_WALL:
                what = f"{node.name} has {length} lines, the wall is {FUNCTION_WALL}"
                yield Finding(node.lineno, what)


def float_annotations(text: str) -> Iterator[Finding]:
    """Find values declared as float, where money, prices and quantities are Decimal."""
    for node in ast.walk(ast.parse(text)):
        for annotation in _annotations(node):
            for part in ast.walk(annotation):
                if isinstance(part, ast.Name) and part.id == "float":
                    yield Finding(part.lineno, "annotated as float")


def unowned_tasks(text: str) -> Iterator[Finding]:
    """Find tasks made outside a task group."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        receiver, _, name = ast.unparse(node.func).rpartition(".")
        if name in TASK_MAKERS and not receiver.endswith(OWNING_RECEIVERS):
            yield Finding(node.lineno, f"{ast.unparse(node.func)} without an owner")


def wall_clock_reads(text: str) -> Iterator[Finding]:
    """Find reads of the machine's clock, where the time comes from an injected clock."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute):
            # `datetime.datetime.now` and `datetime.now` are the same read.
            name = ".".join(ast.unparse(node).split(".")[-2:])
            if name in WALL_CLOCK:
                yield Finding(node.lineno, f"reads {name}")
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            for alias in node.names:
                if f"time.{alias.name}" in WALL_CLOCK:
                    yield Finding(node.lineno, f"imports time.{alias.name}")


def _annotations(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.AnnAssign):
        return [node.annotation]
    if isinstance(node, ast.arg):
        return [node.annotation] if node.annotation else []
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.returns] if node.returns else []
    return []
