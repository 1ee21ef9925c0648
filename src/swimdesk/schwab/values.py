"""How single values of the broker's JSON are read: numbers, times, texts, identifiers."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator

TEXT_LIMIT = 300
_LARGEST_EXPONENT = 18
_NOT_COMPUTED = Decimal(-999)
_SYMBOL = re.compile(r"[\x20-\x7e]{1,64}")
_IDENTIFIER = re.compile(r"[0-9A-Za-z_-]{1,128}")


def parse_json(body: bytes | str) -> Any:  # noqa: ANN401 - whatever the broker sent
    """Read JSON with exact decimals; NaN and infinities become None. ValueError if it is none."""
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=lambda _: None)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Return foreign text on one line, without control or invisible characters, cut to a limit."""
    if text.isascii() and text.isprintable() and len(text) <= limit and " " not in text:
        return text
    # The slice bounds the work: an error page may be megabytes.
    kept = (
        " " if unicodedata.category(char)[0] == "Z" or char in "\t\r\n" else char
        for char in text[: limit * 20]
        if char in "\t\r\n" or unicodedata.category(char)[0] != "C"
    )
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        return None
    try:
        number = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    # Beyond any price or count: arithmetic on it could take the process down.
    if not number.is_finite() or number.adjusted() > _LARGEST_EXPONENT:
        return None
    return number if number.adjusted() >= -_LARGEST_EXPONENT else Decimal(0)


def _greek(value: object) -> Decimal | None:
    number = _number(value)
    return None if number == _NOT_COMPUTED else number


def _whole(value: object) -> int:
    number = _number(value)
    return int(number) if number is not None else 0


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) else None


def _symbol(value: object) -> str | None:
    return value if isinstance(value, str) and _SYMBOL.fullmatch(value) else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        # The broker always names the offset; without one the documented zone of REST is UTC.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _epoch_ms(value: object) -> datetime | None:
    number = _number(value)
    if not number:
        return None
    try:
        return datetime.fromtimestamp(float(number) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _identifier(value: object) -> object:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(text, str) and _IDENTIFIER.fullmatch(text):
        return text
    raise ValueError("not an identifier")


def _rows(value: object) -> object:
    return () if value is None else value


Number = Annotated[Decimal | None, BeforeValidator(_number)]
Greek = Annotated[Decimal | None, BeforeValidator(_greek)]
Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str | None, BeforeValidator(_text)]
Symbol = Annotated[str | None, BeforeValidator(_symbol)]
"""Printable ASCII as it came: option symbols are padded with spaces."""
Flag = Annotated[bool | None, BeforeValidator(_flag)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
EpochMs = Annotated[datetime | None, BeforeValidator(_epoch_ms)]
Identifier = Annotated[str, BeforeValidator(_identifier)]
Absent = BeforeValidator(_rows)
"""Reads a list that is null or missing as empty."""
