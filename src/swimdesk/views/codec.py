"""Views to JSON and back, by their type hints: decimals as strings, times as UTC with a Z."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import reprlib
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_json(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Turn a view (or a container of views) into what ``json.dumps`` takes.

    ValueError for what JSON cannot say: a time without a zone, a figure that is not finite.
    """
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if dataclasses.is_dataclass(value):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    raise TypeError(f"no JSON form for {type(value).__name__}")


def from_json(kind: type[T], value: object) -> T:
    """Rebuild a value of that type from parsed JSON; ValueError where the shape does not fit."""
    result: T = _build(kind, value)
    return result


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - as below: values of any JSON type pass here
    return value


def _write_float(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} has no JSON form")
    return value


def _write_decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise ValueError(f"{value} has no JSON form")
    return f"{value:f}"


def _write_time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),  # first: a StrEnum is a str as well
    (types.NoneType | bool | int | str, _as_it_is),
    (float, _write_float),
    (Decimal, _write_decimal),
    (datetime, _write_time),
    (Mapping, lambda value: {str(key): to_json(item) for key, item in value.items()}),
    ((tuple, list, set, frozenset), lambda value: [to_json(item) for item in value]),
)


def _build(kind: Any, value: Any) -> Any:  # noqa: ANN401 - type hints are runtime values here
    origin = get_origin(kind) or kind
    if origin in (Union, types.UnionType):
        return _build_optional(kind, value)
    if origin is tuple:
        item_kind = _item_kind(kind)
        return tuple(_build(item_kind, item) for item in _expect(list, value))
    if origin is dict:
        item_kind = get_args(kind)[1]
        return {key: _build(item_kind, item) for key, item in _expect(dict, value).items()}
    if kind in _READERS:
        return _READERS[kind](value)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _build_view(kind, value)
    raise TypeError(f"no JSON form for {kind!r}")


def _build_optional(kind: Any, value: Any) -> Any:  # noqa: ANN401
    choices = [choice for choice in get_args(kind) if choice is not types.NoneType]
    if len(choices) != 1:
        raise TypeError(f"no JSON form for {kind!r}: it does not say which of them is meant")
    return None if value is None else _build(choices[0], value)


def _item_kind(kind: Any) -> Any:  # noqa: ANN401
    item_kind, *rest = get_args(kind)
    if rest != [Ellipsis]:
        raise TypeError(f"no JSON form for {kind!r}: only tuples of any length have one")
    return item_kind


def _build_view(kind: Any, value: Any) -> Any:  # noqa: ANN401
    given = _expect(dict, value, kind.__name__)
    hints = _hints(kind)
    if unknown := sorted(set(given) - set(hints)):
        raise ValueError(f"{kind.__name__} has no {reprlib.repr(', '.join(unknown))}")
    if missing := sorted(_required(kind) - set(given)):
        raise ValueError(f"{kind.__name__} needs {', '.join(missing)}")
    return kind(**{name: _build_field(kind, name, hints[name], given[name]) for name in given})


def _build_field(kind: Any, name: str, hint: Any, value: Any) -> Any:  # noqa: ANN401
    try:
        return _build(hint, value)
    except ValueError as error:
        raise ValueError(f"{kind.__name__}.{name}: {error}") from None


def _expect(shape: type[Any], value: Any, name: str = "") -> Any:  # noqa: ANN401
    """Return the value if it is exactly of that JSON type (a bool is no number)."""
    if type(value) is not shape:
        expected = f"an object for {name}" if name else _SHAPES[shape]
        raise ValueError(f"expected {expected}, found {reprlib.repr(value)}")
    return value


_SHAPES = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    types.NoneType: "null",
}


def _read_float(value: Any) -> float:  # noqa: ANN401
    if type(value) not in (int, float):
        raise ValueError(f"expected a number, found {reprlib.repr(value)}")
    try:
        return _write_float(float(value))
    except OverflowError:
        raise ValueError("expected a number, found one that is too large") from None


def _read_decimal(value: Any) -> Decimal:  # noqa: ANN401
    text = _expect(str, value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(f"expected a decimal number, found {reprlib.repr(text)}")
    return number


def _read_time(value: Any) -> datetime:  # noqa: ANN401
    text = _expect(str, value)
    with contextlib.suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise ValueError(f"expected a time with its zone, found {reprlib.repr(text)}")


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: lambda value: _expect(str, value),
    int: lambda value: _expect(int, value),
    bool: lambda value: _expect(bool, value),
    types.NoneType: lambda value: _expect(types.NoneType, value),
    float: _read_float,
    Decimal: _read_decimal,
    datetime: _read_time,
}


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401
    return get_type_hints(kind)


@cache
def _required(kind: Any) -> frozenset[str]:  # noqa: ANN401
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )
