"""A broker's site without sockets: two logins, routes that a test replaces, and what was asked."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from tests.unit.schwab.support import NOW, StoppedClock

from swimdesk.desk.ports import LoginHealth, LoginState
from swimdesk.domain.accounts import Account
from swimdesk.errors import LoginRequired, StoreFull
from swimdesk.schwab.client import SchwabBroker
from swimdesk.schwab.timeouts import USUAL, Timeouts
from swimdesk.telemetry.redaction import Secret

Answer = Callable[[httpx.Request], httpx.Response]

NUMBERS = {"smith": ("11110002", "11110001"), "jones": ("22220001",)}
NUMBERS_PATH = "/trader/v1/accounts/accountNumbers"
ACCOUNTS_PATH = "/trader/v1/accounts"
ORDERS_PATH = "/trader/v1/orders"


async def accounts_of(broker: SchwabBroker) -> tuple[Account, ...]:
    """Return all accounts; raises what keeps them from being all."""
    found = await broker.discover()
    if found.objection is not None:
        raise found.objection
    return found.accounts


def hash_of(number: str) -> str:
    """Return the 64 characters that stand for an account number."""
    return (number * 8).translate(str.maketrans("0123", "ABCD"))


def document(data: Any, status: int = 200) -> Answer:
    return lambda _: httpx.Response(status, json=data)


def text(status: int, body: str = "", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: httpx.Response(status, text=body, headers=named)


def broken(error: Exception) -> Answer:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    return answer


class Tokens:
    """A token source whose tokens name their login; `dead` logins have to sign in.

    New tokens of `unsaved` logins cannot be saved; what is current for them is good as long as
    they are not `dead`.
    """

    def __init__(self) -> None:
        self.dead: set[str] = set()
        self.unsaved: set[str] = set()
        self.replaced: list[str] = []
        self.asked_life_s: list[float] = []

    async def access_token(self, login: str, *, min_life_s: float = 0.0) -> Secret:
        self.asked_life_s.append(min_life_s)
        if login in self.dead:
            raise LoginRequired(f"login {login} has to sign in")
        if login in self.unsaved:
            raise StoreFull(f"the tokens of {login} cannot be saved")
        return Secret(f"first.{login}")

    def current(self, login: str, *, min_life_s: float = 0.0) -> Secret | None:
        return None if login in self.dead else Secret(f"first.{login}")

    async def replace_rejected(self, login: str, rejected: Secret) -> Secret:
        self.replaced.append(rejected.reveal())
        return Secret(f"second.{login}")

    def health(self) -> tuple[LoginHealth, ...]:
        return tuple(
            LoginHealth(
                login,
                LoginState.SIGN_IN_NEEDED if login in self.dead else LoginState.OK,
                None,
                None,
                "",
            )
            for login in NUMBERS
        )


@dataclass
class Site:
    """Routes by path, per login; the first answer of a list is used up before the next."""

    tokens: Tokens = field(default_factory=Tokens)
    routes: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    requests: list[httpx.Request] = field(default_factory=list)
    clock: StoppedClock = field(default_factory=StoppedClock)
    numbers: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(NUMBERS))

    def on(self, path: str, *answers: Answer, login: str = "*") -> None:
        """Answer a path; the last answer stays."""
        self.routes[login, path] = list(answers)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        login = request.headers["authorization"].rpartition(".")[2]
        for key in ((login, request.url.path), ("*", request.url.path)):
            answers = self.routes.get(key)
            if answers:
                return (answers.pop(0) if len(answers) > 1 else answers[0])(request)
        return self.usual(login, request)

    def usual(self, login: str, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == NUMBERS_PATH:
            rows = [{"accountNumber": n, "hashValue": hash_of(n)} for n in self.numbers[login]]
            return httpx.Response(200, json=rows)
        if path == ACCOUNTS_PATH:
            return httpx.Response(200, json=[an_account(n) for n in self.numbers[login]])
        if path == ORDERS_PATH:
            return httpx.Response(200, json=[])
        return httpx.Response(404, json={"message": "Not found"})

    def broker(
        self,
        accounts: Sequence[Account] = (),
        numbers: Mapping[str, Secret] | None = None,
        timeouts: Timeouts = USUAL,
    ) -> SchwabBroker:
        return SchwabBroker(
            api_url="https://broker.test",
            ssl_context=ssl.create_default_context(),
            tokens=self.tokens,
            logins=tuple(NUMBERS),
            accounts=accounts,
            numbers=numbers,
            clock=self.clock,
            timeouts=timeouts,
            transport=httpx.MockTransport(self.handle),
        )


def an_account(number: str, **changes: Any) -> dict[str, Any]:
    account = {
        "type": "MARGIN",
        "accountNumber": number,
        "currentBalances": {"availableFundsNonMarginableTrade": int(number[-4:]) * 1000},
    }
    return {"securitiesAccount": account | changes}


def an_order(number: str, order_id: int = 1, **changes: Any) -> dict[str, Any]:
    order = {
        "session": "NORMAL",
        "duration": "DAY",
        "orderType": "LIMIT",
        "price": 4.0,
        "quantity": 1.0,
        "filledQuantity": 0.0,
        "orderStrategyType": "SINGLE",
        "orderLegCollection": [
            {
                "legId": 1,
                "instruction": "BUY",
                "quantity": 1.0,
                "instrument": {"assetType": "EQUITY", "symbol": "SPY"},
            }
        ],
        "orderId": order_id,
        "status": "WORKING",
        "enteredTime": f"{NOW - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}+0000",
        "accountNumber": int(number),
    }
    return order | changes
