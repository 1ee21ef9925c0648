"""Read the settings, and turn everything wrong with them into one sentence with file and line."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from swimdesk.config.home import CONFIG_FILE
from swimdesk.config.locate import KeyLines, KeyPath
from swimdesk.config.model import ENV_DELIMITER, ENV_PREFIX, Settings
from swimdesk.config.rules import Problem, hint, problems_of
from swimdesk.errors import ConfigError

_EXPECTED = {
    "missing": "is missing",
    "tuple_type": "must be a list",
    "model_type": "must be a section with keys of its own",
    "string_type": "must be text in quotes",
    "literal_error": "must be {expected}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
}
_SECTIONS = tuple(Settings.model_fields)


def read_settings(home: Path, file: Path | None) -> Settings:
    """Read, validate and complete the settings of a home; see ``swimdesk.config``."""
    path = file or home / CONFIG_FILE
    shown = path.name if path.parent == home else str(path)
    text = _text_of(path, home, shown, is_home_file=file is None)
    values = _parsed(text, shown)
    complaint = _Complaint(shown, KeyLines(text))
    strangers = [_stranger(name, values[name]) for name in values if name not in _SECTIONS]
    if strangers:
        complaint.raise_for(strangers)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        complaint.raise_for([_problem_of(detail) for detail in error.errors()])
    problems = list(problems_of(settings, home))
    if problems:
        complaint.raise_for(problems)
    return _with_absolute_paths(settings, home)


def _text_of(path: Path, home: Path, shown: str, *, is_home_file: bool) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if not is_home_file:
            raise ConfigError(f"there is no file {shown}") from None
        raise ConfigError(
            f"there is no {CONFIG_FILE} in {home}: run `swimdesk demo` to try the program on a"
            f" simulated brokerage, or copy config.example.toml there as {CONFIG_FILE} and fill it"
            " in"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{shown} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror}") from None


def _parsed(text: str, shown: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        # Before 3.14 the position stands only in the message.
        place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        line = (place and place[1]) or str(len(text.splitlines()))
        reason = str(error)[: place.start()] if place else str(error)
        raise ConfigError(f"{shown} line {line}: this is not TOML: {reason}") from None


def _with_absolute_paths(settings: Settings, home: Path) -> Settings:
    if settings.broker.ca_file is None:
        return settings
    broker = settings.broker.model_copy(update={"ca_file": home / settings.broker.ca_file})
    return settings.model_copy(update={"broker": broker})


class _Complaint:
    """Say what is wrong with one file, or with a variable that overrides it."""

    def __init__(self, shown: str, lines: KeyLines) -> None:
        self._shown = shown
        self._lines = lines

    def raise_for(self, problems: Sequence[Problem]) -> NoReturn:
        """Raise a ConfigError about the first problem, telling how many more there are."""
        first, *others = sorted(problems, key=lambda problem: self._line(problem.path) or 0)
        earlier = self._line(first.first) if first.first else None
        note = f" (line {earlier})" if earlier else ""
        more = f"; {len(others)} more to mend after this" if others else ""
        label = first.label or _label(first.path)
        raise ConfigError(f"{self._place(first)}: {label} {first.text}{note}{more}")

    def _line(self, path: KeyPath) -> int | None:
        return None if _variable_of(path) else self._lines.line_of(path)

    def _place(self, problem: Problem) -> str:
        variable = _variable_of(problem.path)
        if variable:
            return f"environment variable {variable}"
        line = self._line(problem.path)
        return f"{self._shown} line {line}" if line else self._shown


def _stranger(name: str, value: object) -> Problem:
    """Say what is wrong with a name at the top of the file that is no section."""
    if isinstance(value, dict | list):
        label = f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
        return Problem((name,), f"is not a section{hint(name, _SECTIONS)}", label=label)
    homes = [section for section in _SECTIONS if name in _keys_beside((section, name))]
    belongs = f"; does it belong under [{homes[0]}]?" if homes else ""
    return Problem((name,), f"stands outside every section{belongs}", label=name)


def _problem_of(detail: ErrorDetails) -> Problem:
    """Translate one finding of the model; values are never shown, for they may be secrets."""
    path: KeyPath = tuple(detail["loc"])
    kind = detail["type"]
    if kind == "extra_forbidden":
        return Problem(path, f"is not a key{hint(str(path[-1]), _keys_beside(path))}")
    if kind == "value_error":
        return Problem(path, str(detail["ctx"]["error"]))
    text = _EXPECTED.get(kind, "has the wrong type")
    return Problem(path, text.format(**detail.get("ctx", {})).replace("'", '"'))


def _keys_beside(path: KeyPath) -> list[str]:
    """Return the keys that are allowed where this one stands."""
    annotation: Any = Settings.model_fields[str(path[0])].annotation
    model = next(iter(get_args(annotation)), annotation)
    return list(model.model_fields)


def _label(path: KeyPath) -> str:
    """Write a key path the way it looks in the file: ``[risk] plan_life_s``."""
    section, *rest = path
    entry = rest and isinstance(rest[0], int)
    keys = [part for part in rest if isinstance(part, str)]
    return " ".join([f"[[{section}]]" if entry else f"[{section}]", ".".join(keys)]).rstrip()


def _variable_of(path: KeyPath, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the name of the variable that this key's value came from, if it did."""
    set_names = {name.upper(): name for name in environ}
    for depth in (len(path), 1):
        wanted = ENV_PREFIX + ENV_DELIMITER.join(str(part) for part in path[:depth]).upper()
        if wanted in set_names:
            return set_names[wanted]
    return None
