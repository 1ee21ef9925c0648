"""The simulated brokerage in process with a customer at its counter; time moves when told to."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from swimdesk.domain.instruments import OptionContract, Right
from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.clock import ManualClock
from swimdesk.sim.core import SimBroker
from swimdesk.sim.faults import FaultPlan, FaultRule
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.settings import SimSettings

MONDAY_10_ET = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SETTLED_S = 4.0
"""Enough for an order to be checked and, where it can trade, wholly filled."""


class Counter:
    """One login's way to speak to the brokerage, with a clock to push."""

    def __init__(self, start: datetime = MONDAY_10_ET, **settings: Any) -> None:
        self.clock = ManualClock(start)
        chosen = replace(SimSettings(accounts=4, logins=2, seed=7), **settings)
        self.broker = SimBroker(chosen, self.clock)
        self.login = self.broker.logins[0]
        self.account = self.login.accounts[0]
        self.bearer = self.sign_in()

    def sign_in(self, name: str | None = None) -> str:
        """Exchange the login's refresh token for an access token."""
        token = self.broker.grants.refresh_token(name or self.login.name)
        assert token is not None
        reply = self.token({"grant_type": "refresh_token", "refresh_token": token})
        assert reply.status == 200, reply.body
        return str(json.loads(reply.body)["access_token"])

    def token(self, form: dict[str, str], secret: str | None = None) -> SimResponse:
        """Post a form to the token endpoint."""
        chosen = self.broker.settings
        pair = f"{chosen.client_id}:{secret or chosen.client_secret}"
        headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        body = urlencode(form).encode()
        return self.broker.handle(SimRequest("POST", "/v1/oauth/token", {}, headers, body))

    def send(
        self,
        method: str,
        path: str,
        query: dict[str, str] | None = None,
        body: Any = None,
    ) -> SimResponse:
        """Send a request below the trader base, or to an absolute address."""
        path = path.removeprefix("https://api.schwabapi.com/trader/v1/")
        headers = {"authorization": f"Bearer {self.bearer}"}
        raw = b""
        if body is not None:
            headers["content-type"] = "application/json"
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = SimRequest(method, f"/trader/v1/{path}", query or {}, headers, raw)
        return self.broker.handle(request)

    def get(self, path: str, **query: str) -> Any:
        """Read a document that must be there."""
        response = self.send("GET", path, query)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def orders_path(self, account: SimAccount | None = None) -> str:
        """Return the path of an account's orders."""
        return f"accounts/{(account or self.account).hash_value}/orders"

    def post(self, body: Any, account: SimAccount | None = None) -> SimResponse:
        """Place an order."""
        return self.send("POST", self.orders_path(account), body=body)

    def place(self, body: Any, account: SimAccount | None = None) -> str:
        """Place an order that must be taken; return its address."""
        response = self.post(body, account)
        assert response.status == 201, response.body
        assert response.body == b""
        return response.headers["Location"]

    def settle(self, seconds: float = SETTLED_S) -> None:
        """Let time pass."""
        self.clock.advance(seconds)
        self.broker.advance()

    def settled(self, body: Any, account: SimAccount | None = None) -> dict[str, Any]:
        """Place an order and return what became of it."""
        address = self.place(body, account)
        self.settle()
        return self.order(address)

    def order(self, address: str) -> dict[str, Any]:
        """Read an order by its address."""
        document = self.get(address)
        assert isinstance(document, dict)
        return document

    def orders(self, **query: str) -> list[dict[str, Any]]:
        """List the account's orders of an hour around now."""
        listed = self.get(self.orders_path(), **self.window(), **query)
        assert isinstance(listed, list)
        return listed

    def ledger(self) -> dict[str, Any]:
        """Return what auditors see of the account."""
        accounts = json.loads(self.broker.ledger.as_json())["accounts"]
        assert set(accounts) == {account.number for account in self.broker.accounts}
        entry = accounts[self.account.number]
        assert isinstance(entry, dict)
        return entry

    def window(self) -> dict[str, str]:
        """Return a query for the hour before and after now."""
        now = self.clock.now()
        hour = timedelta(hours=1)
        return {"fromEnteredTime": stamp(now - hour), "toEnteredTime": stamp(now + hour)}

    def balances(self) -> dict[str, Any]:
        """Return the account's current balances."""
        shown = self.get(f"accounts/{self.account.hash_value}")
        balances = shown["securitiesAccount"]["currentBalances"]
        assert isinstance(balances, dict)
        return balances

    def positions(self) -> dict[str, dict[str, Any]]:
        """Return the account's positions by symbol."""
        shown = self.get(f"accounts/{self.account.hash_value}", fields="positions")
        rows = shown["securitiesAccount"].get("positions", [])
        return {row["instrument"]["symbol"]: row for row in rows}

    def quote(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Return bid and ask."""
        quote = self.broker.market.quote(symbol)
        assert quote is not None, symbol
        return quote.bid, quote.ask

    def with_faults(self, *rules: FaultRule) -> None:
        """Put a fault plan in force."""
        self.broker.faults.replace(FaultPlan("test", rules))

    def option(self, right: Right, away: str, underlying: str = "$SPX", nth: int = 8) -> str:
        """Return a listed option that far (a factor) from its underlying's price."""
        market = self.broker.market
        quote = market.quote(underlying)
        assert quote is not None
        root = {"$SPX": "SPXW"}.get(underlying, underlying)
        expiry = [e for e in market.expiries(underlying) if e.root == root][nth]
        wanted = quote.last * Decimal(away)
        strike = min(market.strikes(root, expiry.date), key=lambda k: abs(k - wanted))
        return OptionContract(root, expiry.date, right, strike).symbol

    def condor_legs(self, units: int = 1, underlying: str = "$SPX") -> list[tuple[str, int, str]]:
        """Return the legs of a short iron condor: 2 % away, wings 1 % further."""
        return [
            ("SELL_TO_OPEN", units, self.option(Right.CALL, "1.02", underlying)),
            ("BUY_TO_OPEN", units, self.option(Right.CALL, "1.03", underlying)),
            ("SELL_TO_OPEN", units, self.option(Right.PUT, "0.98", underlying)),
            ("BUY_TO_OPEN", units, self.option(Right.PUT, "0.97", underlying)),
        ]

    def condor(self, price: str, units: int = 1, underlying: str = "$SPX") -> dict[str, Any]:
        """Return the body of a short iron condor."""
        return spread("NET_CREDIT", price, self.condor_legs(units, underlying), "IRON_CONDOR")


def stamp(at: datetime) -> str:
    """Return a time as queries carry it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.000Z"


def shares(
    instruction: str, quantity: int, symbol: str, price: str | None = None, **more: Any
) -> dict[str, Any]:
    """Return the body of a share order: a limit with a price, else at the market."""
    kind = {"orderType": "LIMIT", "price": price} if price else {"orderType": "MARKET"}
    return {
        **kind,
        "session": "NORMAL",
        "duration": "DAY",
        "orderStrategyType": "SINGLE",
        "orderLegCollection": [
            {
                "instruction": instruction,
                "quantity": quantity,
                "instrument": {"symbol": symbol, "assetType": "EQUITY"},
            }
        ],
        **more,
    }


def contracts(instruction: str, quantity: int, symbol: str, price: str) -> dict[str, Any]:
    """Return the body of a single option's limit order."""
    return spread("LIMIT", price, [(instruction, quantity, symbol)], "NONE")


def spread(
    kind: str, price: str, legs: list[tuple[str, int, str]], strategy: str = "CUSTOM"
) -> dict[str, Any]:
    """Return the body of an option order from (instruction, quantity, symbol) legs."""
    return {
        "orderType": kind,
        "session": "NORMAL",
        "price": price,
        "duration": "DAY",
        "orderStrategyType": "SINGLE",
        "complexOrderStrategyType": strategy,
        "orderLegCollection": [
            {
                "instruction": instruction,
                "quantity": quantity,
                "instrument": {"symbol": symbol, "assetType": "OPTION"},
            }
            for instruction, quantity, symbol in legs
        ],
    }
