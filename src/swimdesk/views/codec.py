"""Views to JSON and back, by their type hints: decimals as strings, times as UTC with a Z."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Turn a view (or a container of views) into what ``json.dumps`` takes."""
    if value is None or (
        isinstance(value, bool | int | float | str) and not isinstance(value, Enum)
    ):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if dataclasses.is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list | frozenset | set):
        return [to_json(item) for item in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def from_json(kind: type[T], value: object) -> T:
    """Rebuild a value of that type from parsed JSON; ValueError where the shape does not fit."""
    result: T = _build(kind, value)
    return result


def _build(kind: Any, value: Any) -> Any:  # noqa: ANN401 - type hints are runtime values here
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_optional(kind, value)
    if origin is tuple:
        return tuple(_build(get_args(kind)[0], item) for item in _list(value))
    if origin is dict:
        return {str(key): _build(get_args(kind)[1], item) for key, item in dict(value).items()}
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _build_view(kind, value)
    if kind is Decimal:
        return Decimal(str(value))
    if kind is datetime:
        return datetime.fromisoformat(str(value))
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int, bool, float):
        if type(value) is not kind:
            raise ValueError(f"expected {kind.__name__}, found {value!r}")
        return value
    if kind is type(None):
        return None
    raise TypeError(f"no JSON form for {kind!r}")


def _build_optional(kind: Any, value: Any) -> Any:  # noqa: ANN401
    choices = [choice for choice in get_args(kind) if choice is not type(None)]
    if value is None:
        return None
    return _build(choices[0], value)


def _build_view(kind: type[Any], value: Any) -> Any:  # noqa: ANN401
    if not isinstance(value, dict):
        raise ValueError(f"expected an object for {kind.__name__}, found {value!r}")  # noqa: TRY004
    hints = _hints(kind)
    unknown = set(value) - set(hints)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{name: _build(hints[name], item) for name, item in value.items()})


def _list(value: Any) -> list[Any]:  # noqa: ANN401
    if not isinstance(value, list):
        raise ValueError(f"expected a list, found {value!r}")  # noqa: TRY004
    return value


_known_hints: dict[type[Any], dict[str, Any]] = {}


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _known_hints:
        _known_hints[kind] = get_type_hints(kind)
    return _known_hints[kind]
