"""What the broker sends, field by field (schwab-api 4, 5): tolerant of the new, absent and null.

Every model ignores fields that it does not name; what a caller cannot do without is checked where
it is mapped, so that one odd row does not hide the others.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from swimdesk.errors import ProtocolDrift
from swimdesk.schwab.values import Absent, Flag, Identifier, Moment, Number, Symbol, Text
from swimdesk.schwab.words import (
    ActivityType,
    AssetType,
    ComplexStrategy,
    ExecutionType,
    Instruction,
    StrategyType,
    WireDuration,
    WireOrderType,
    WireSession,
)

AccountNumber = Annotated[Identifier, Field(repr=False)]


class Wire(BaseModel):
    """Base of everything read from the broker."""

    model_config = ConfigDict(
        extra="ignore",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        # An error text must not carry account numbers.
        hide_input_in_errors=True,
    )


ModelT = TypeVar("ModelT", bound=Wire)


def read_as(model: type[ModelT], data: object, what: str) -> ModelT:
    """Read parsed JSON as a model; ProtocolDrift names the fields that do not fit, no values."""
    trouble: list[str] = []
    try:
        return model.model_validate(data)
    except ValidationError as error:
        trouble = [
            f"{'.'.join(map(str, item['loc'])) or 'the whole'}: {item['type']}"
            for item in error.errors(include_input=False, include_url=False)[:3]
        ]
    # Outside the handler, so that no context with the broker's data hangs on the error.
    raise ProtocolDrift(f"{what} cannot be read ({'; '.join(trouble)})")


class WireAccountNumber(Wire):
    """A plain account number and the hash that stands for it in paths."""

    account_number: AccountNumber
    hash_value: Annotated[str, Field(repr=False, pattern=r"^[0-9A-Za-z]{1,128}$")]


class WireInstrument(Wire):
    """An instrument of a leg or a position."""

    asset_type: AssetType = AssetType.UNRECOGNISED
    symbol: Symbol = None
    cusip: Text = None
    description: Text = None
    underlying_symbol: Text = None


class WireLeg(Wire):
    """One leg of an order; ``leg_id`` counts from 1."""

    leg_id: int | None = None
    instrument: WireInstrument = WireInstrument()
    instruction: Instruction = Instruction.UNRECOGNISED
    quantity: Number = None


class WireExecutionLeg(Wire):
    """What one leg traded in one execution."""

    leg_id: int | None = None
    quantity: Number = None
    price: Number = None
    time: Moment = None


class WireActivity(Wire):
    """An entry of an order's history."""

    activity_type: ActivityType = ActivityType.UNRECOGNISED
    execution_type: ExecutionType = ExecutionType.UNRECOGNISED
    activity_id: Identifier | None = None
    execution_legs: Annotated[tuple[WireExecutionLeg, ...], Absent] = ()


class WireOrder(Wire):
    """An order or a node of an order tree; a node without legs (OCO) has next to nothing."""

    order_id: Identifier | None = None
    account_number: Annotated[Identifier | None, Field(repr=False)] = None
    status: Text = None
    status_description: Text = None
    entered_time: Moment = None
    close_time: Moment = None
    cancel_time: Moment = None
    tag: Text = None
    session: WireSession | None = None
    duration: WireDuration | None = None
    order_type: WireOrderType | None = None
    complex_order_strategy_type: ComplexStrategy | None = None
    order_strategy_type: StrategyType | None = None
    special_instruction: Text = None
    price: Number = None
    stop_price: Number = None
    quantity: Number = None
    filled_quantity: Number = None
    order_leg_collection: Annotated[tuple[WireLeg, ...], Absent] = ()
    order_activity_collection: Annotated[tuple[WireActivity, ...], Absent] = ()
    child_order_strategies: Annotated[tuple[WireOrder, ...], Absent] = ()
    replacing_order_collection: Annotated[tuple[WireOrder, ...], Absent] = ()


class WireBalances(Wire):
    """The figures that are used of the broker's many; which are present depends on the account."""

    liquidation_value: Number = None
    cash_balance: Number = None
    total_cash: Number = None
    available_funds_non_marginable_trade: Number = None
    cash_available_for_trading: Number = None
    buying_power: Number = None


class WirePosition(Wire):
    """A holding; both quantities are zero or more."""

    long_quantity: Number = None
    short_quantity: Number = None
    average_price: Number = None
    average_long_price: Number = None
    average_short_price: Number = None
    market_value: Number = None
    instrument: WireInstrument


class WireSecuritiesAccount(Wire):
    """An account with its balances and, where asked for and any, its positions."""

    type: Text = None
    account_number: AccountNumber
    is_closing_only_restricted: Flag = None
    current_balances: WireBalances | None = None
    projected_balances: WireBalances | None = None
    initial_balances: WireBalances | None = None
    positions: Annotated[tuple[WirePosition, ...], Absent] = ()


class WireAccount(Wire):
    """The wrapper around an account."""

    securities_account: WireSecuritiesAccount
