"""What the brokerage of the bench answers to reads; they stay in this process, orders do not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import httpx

from swimdesk.bench.condor import Condor
from swimdesk.bench.responding import Seen
from swimdesk.desk.ports import Clock, LoginHealth, LoginState
from swimdesk.errors import LoginRequired
from swimdesk.telemetry.redaction import Secret

ACCOUNTS_PER_LOGIN: Final = 4
MOST_LOGINS: Final = 50
HASH_LENGTH: Final = 64
_RICH: Final = 10_000_000
"""Dollars; no check of ours has to look twice."""
_LEG_PRICE: Final = (5.0, 4.0, 4.0, 3.4)
_PRODUCTS: Final = {"equity": ("EQ",), "option": ("EQO", "IND")}
_DAY: Final = timedelta(hours=20)


class Tokens:
    """A token source that always has a token, as a kept login has."""

    def __init__(self, logins: Iterable[str]) -> None:
        self._tokens = {login: Secret(f"{login}.".ljust(80, "t")) for login in logins}

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        """Return the token; it outlives any run."""
        return self._tokens[login]

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        """Return the token."""
        return self._tokens[login]

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        """Raise LoginRequired: nobody here rejects a token."""
        raise LoginRequired(f"the bench has one token for {login}, and it was refused")

    def health(self) -> tuple[LoginHealth, ...]:
        """Tell that every login is well."""
        return tuple(LoginHealth(one, LoginState.OK, None, None, "") for one in self._tokens)


def numbers_by_login(accounts: int) -> dict[str, tuple[str, ...]]:
    """Deal account numbers to logins, four to each, more to each where there are very many."""
    logins = min(MOST_LOGINS, -(-accounts // ACCOUNTS_PER_LOGIN))
    numbers = [f"{10_000_000 + place}" for place in range(accounts)]
    return {f"bench{place:02}": tuple(numbers[place::logins]) for place in range(logins)}


def hash_of(number: str) -> str:
    """Return what stands for an account number in paths, as long as the broker's."""
    return number.translate(str.maketrans("0123456789", "ABCDEFGHIJ")).ljust(HASH_LENGTH, "Z")


class Site:
    """Accounts, quotes, hours, and the orders that were sent: filled once they are known."""

    def __init__(
        self, numbers: Mapping[str, tuple[str, ...]], condor: Condor, clock: Clock
    ) -> None:
        self.numbers = numbers
        self._condor = condor
        self._clock = clock
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._is_known = asyncio.Event()
        self._is_known.set()
        self._answers: Mapping[str, Callable[[str], Any]] = {
            "/trader/v1/accounts/accountNumbers": self._account_numbers,
            "/trader/v1/accounts": self._accounts,
            "/trader/v1/orders": lambda login: self._rows.get(login, []),
            "/marketdata/v1/quotes": lambda _: self._quotes(),
            "/marketdata/v1/markets": lambda _: self._hours(),
        }

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return what carries the reads of a broker here."""
        return httpx.MockTransport(self._handle)

    def hold(self) -> None:
        """Keep the lists of orders back: a burst is about to leave."""
        self._is_known.clear()

    def fill(self, body: bytes, seen: Iterable[Seen]) -> None:
        """Show the orders of a burst as filled, under the ids that the order host gave."""
        ids = {one.account: one.order_id for one in seen}
        self._rows = {
            login: [
                self._filled(body, number, ids[hash_of(number)])
                for number in numbers
                if hash_of(number) in ids
            ]
            for login, numbers in self.numbers.items()
        }
        self._is_known.set()

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/trader/v1/orders":
            await self._is_known.wait()
        answer = self._answers.get(path)
        if answer is None:
            return httpx.Response(404, json={"message": "Not found"})
        login = request.headers["authorization"].removeprefix("Bearer ").partition(".")[0]
        return httpx.Response(200, json=answer(login))

    def _account_numbers(self, login: str) -> list[dict[str, str]]:
        numbers = self.numbers[login]
        return [{"accountNumber": one, "hashValue": hash_of(one)} for one in numbers]

    def _accounts(self, login: str) -> list[dict[str, Any]]:
        balances = {
            "liquidationValue": _RICH,
            "cashBalance": _RICH,
            "availableFundsNonMarginableTrade": _RICH,
            "buyingPower": 2 * _RICH,
        }
        return [
            {
                "securitiesAccount": {
                    "type": "MARGIN",
                    "accountNumber": number,
                    "currentBalances": balances,
                }
            }
            for number in self.numbers[login]
        ]

    def _quotes(self) -> dict[str, Any]:
        now_ms = int(self._clock.now().timestamp() * 1000)
        quotes: dict[str, Any] = {}
        for symbol, (bid, ask, last) in self._condor.quotes().items():
            figures = {"bidPrice": bid, "askPrice": ask, "lastPrice": last, "mark": last}
            told = {name: float(figure) for name, figure in figures.items() if figure is not None}
            quotes[symbol] = {
                "symbol": symbol,
                "assetMainType": "INDEX" if bid is None else "OPTION",
                "realtime": True,
                "quote": {**told, "closePrice": float(last), "quoteTime": now_ms},
            }
        return quotes

    def _hours(self) -> dict[str, Any]:
        """Tell of a session around this moment: the bench runs at any hour."""
        now = self._clock.now()
        span = {"start": (now - _DAY).isoformat(), "end": (now + _DAY).isoformat()}
        hours = {"isOpen": True, "sessionHours": {"regularMarket": [span]}}
        return {market: dict.fromkeys(products, hours) for market, products in _PRODUCTS.items()}

    def _filled(self, body: bytes, number: str, order_id: int) -> dict[str, Any]:
        """Return the row of an order: what was sent, with an id, a state and a fill of each leg."""
        order = json.loads(body)
        now = _stamp(self._clock.now())
        legs = [{**leg, "legId": place} for place, leg in enumerate(order["orderLegCollection"], 1)]
        fills = [
            {"legId": leg["legId"], "quantity": leg["quantity"], "price": price, "time": now}
            for leg, price in zip(legs, _LEG_PRICE, strict=True)
        ]
        activity = {
            "activityType": "EXECUTION",
            "executionType": "FILL",
            "activityId": order_id,
            "executionLegs": fills,
        }
        return {
            **order,
            "orderLegCollection": legs,
            "filledQuantity": order["quantity"],
            "orderId": order_id,
            "accountNumber": int(number),
            "status": "FILLED",
            "enteredTime": now,
            "closeTime": now,
            "orderActivityCollection": [activity],
        }


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+0000"
