"""Views survive the way through JSON; what does not fit is refused with the reason."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swimdesk.views import models, requests
from swimdesk.views.codec import from_json, to_json

VIEWS: tuple[type[Any], ...] = tuple(
    kind
    for module in (models, requests)
    for kind in vars(module).values()
    if isinstance(kind, type) and dataclasses.is_dataclass(kind)
)


class Colour(StrEnum):
    RED = "red"
    UNRECOGNISED = "?"


@dataclass(frozen=True, slots=True)
class Sample:
    """One field of every kind that a view may have."""

    text: str
    number: int
    ratio: float
    flag: bool
    price: Decimal | None
    moment: datetime
    colour: Colour
    counts: dict[str, int]
    names: tuple[str, ...]
    inner: Sample | None = None


SAMPLE: dict[str, Any] = {
    "text": "a",
    "number": 1,
    "ratio": 0.5,
    "flag": True,
    "price": "1.60",
    "moment": "2026-11-23T15:04:05.123456Z",
    "colour": "red",
    "counts": {"filled": 2},
    "names": ["b"],
    "inner": None,
}

# Any zone up to the widest offset; whole minutes, as written by isoformat.
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
st.register_type_strategy(
    datetime,
    st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES),  # noqa: DTZ001 - the strategy wants naive ends and adds the zone
)
st.register_type_strategy(
    Decimal,
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))


def few_inside(kind: type[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """Draw at most two of the views that a view has a list of: a board has lists within lists."""
    inside = {
        name: get_args(hint)[0]
        for name, hint in get_type_hints(kind).items()
        if get_origin(hint) is tuple and dataclasses.is_dataclass(get_args(hint)[0])
    }
    return {
        name: st.lists(st.from_type(view), max_size=2).map(tuple) for name, view in inside.items()
    }


for view_type in VIEWS:
    st.register_type_strategy(view_type, st.builds(view_type, **few_inside(view_type)))


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
@settings(max_examples=40)  # views within views are drawn there and by themselves
@given(data=st.data())
def test_every_view_survives_the_way_through_json(kind: type[Any], data: st.DataObject) -> None:
    view = data.draw(st.from_type(kind))
    text = json.dumps(to_json(view), allow_nan=False)
    assert from_json(kind, json.loads(text)) == view


@given(st.from_type(Sample))
def test_every_kind_of_field_survives_the_way_through_json(sample: Sample) -> None:
    assert from_json(Sample, json.loads(json.dumps(to_json(sample)))) == sample


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_other_json_is_a_value_error_or_a_value(value: object) -> None:
    for name in SAMPLE:
        try:
            rebuilt = from_json(Sample, {**SAMPLE, name: value})
        except ValueError:
            continue
        assert from_json(Sample, to_json(rebuilt)) == rebuilt


def test_prices_are_strings_and_times_are_utc_with_a_z() -> None:
    east = timezone(timedelta(hours=-5))
    row = models.GuardView("halted", "", datetime(2026, 11, 23, 10, 4, 5, 123456, tzinfo=east))
    assert to_json(row)["since"] == "2026-11-23T15:04:05.123456Z"
    assert to_json(Decimal("1.60")) == "1.60"
    assert to_json(Decimal("1E+3")) == "1000"


def test_whole_second_still_shows_its_microseconds() -> None:
    assert to_json(datetime(2026, 11, 23, 15, 4, 5, tzinfo=UTC)) == "2026-11-23T15:04:05.000000Z"


def test_enum_is_its_value() -> None:
    assert to_json({"line": Colour.RED}) == {"line": "red"}
    assert type(to_json(Colour.RED)) is str


def test_fields_with_a_default_may_be_left_out() -> None:
    assert from_json(requests.Scope, {}) == requests.Scope()


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        pytest.param("text", 1, "Sample.text: expected a text, found 1", id="number for text"),
        pytest.param("text", None, "expected a text, found None", id="null for text"),
        pytest.param("number", True, "expected a whole number, found True", id="bool for number"),
        pytest.param("number", 1.0, "expected a whole number", id="float for whole number"),
        pytest.param("ratio", "1", "expected a number", id="text for float"),
        pytest.param("ratio", True, "expected a number", id="bool for float"),
        pytest.param("ratio", float("nan"), "nan has no JSON form", id="nan"),
        pytest.param("ratio", 10**400, "too large", id="number beyond a float"),
        pytest.param("flag", 1, "expected true or false", id="number for bool"),
        pytest.param("price", 1.6, "expected a text", id="float for a price"),
        pytest.param("price", "1,60", "expected a decimal number", id="no decimal"),
        pytest.param("price", "NaN", "expected a decimal number", id="decimal nan"),
        pytest.param("price", "Infinity", "expected a decimal number", id="infinite"),
        pytest.param("moment", "yesterday", "expected a time", id="no time"),
        pytest.param("moment", "2026-11-23T15:04:05", "with its zone", id="time without zone"),
        pytest.param("moment", "0001-01-01T00:00:00+14:00", "expected a time", id="before year 1"),
        pytest.param("moment", 5, "expected a text", id="number for time"),
        pytest.param("colour", "blue", "not a valid Colour", id="unknown word"),
        pytest.param("counts", [["a", 1]], "expected an object", id="pairs for an object"),
        pytest.param("counts", {"a": "1"}, "expected a whole number", id="text in counts"),
        pytest.param("names", "abc", "expected a list", id="text for a list"),
        pytest.param("names", {"a": 1}, "expected a list", id="object for a list"),
        pytest.param("inner", [], "expected an object for Sample", id="list for a view"),
        pytest.param("inner", {"text": "a"}, "Sample needs colour, counts", id="fields missing"),
        pytest.param("more", 1, "Sample has no 'more'", id="unknown field"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(name: str, value: object, what: str) -> None:
    with pytest.raises(ValueError, match=what.replace("(", r"\(")):
        from_json(Sample, {**SAMPLE, name: value})


def test_refusal_of_a_huge_value_stays_short() -> None:
    with pytest.raises(ValueError, match="expected a whole number") as refusal:
        from_json(Sample, {**SAMPLE, "number": "x" * 100_000})
    assert len(str(refusal.value)) < 200


@pytest.mark.parametrize(
    "value",
    [Decimal("NaN"), Decimal("-Infinity"), float("inf"), datetime(2026, 11, 23)],  # noqa: DTZ001 - the case itself
    ids=["decimal nan", "decimal infinite", "float infinite", "time without zone"],
)
def test_what_json_cannot_say_is_not_written(value: object) -> None:
    with pytest.raises(ValueError, match=r"JSON form|time zone"):
        to_json({"value": value})


@pytest.mark.parametrize("kind", [int | str, tuple[int, str], bytes], ids=str)
def test_a_kind_without_one_clear_json_form_is_a_bug(kind: type[Any]) -> None:
    with pytest.raises(TypeError, match="no JSON form"):
        from_json(kind, [])


def test_a_value_without_json_form_is_a_bug() -> None:
    with pytest.raises(TypeError, match="no JSON form for bytes"):
        to_json(b"")
