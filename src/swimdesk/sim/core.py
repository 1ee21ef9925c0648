"""The simulated brokerage in process: a request in, a response out, by an injected clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from functools import lru_cache
from random import Random
from typing import Any

from swimdesk.sim import listings
from swimdesk.sim.accounts import SimAccount
from swimdesk.sim.answers import UNEXPECTED, gateway, message, new_uuid, not_authorized
from swimdesk.sim.clock import SimClock
from swimdesk.sim.faults import (
    BEFORE,
    Fault,
    FaultEngine,
    FaultRule,
    Operation,
    Subject,
)
from swimdesk.sim.grants import Grants
from swimdesk.sim.ledger import Ledger
from swimdesk.sim.market import Market
from swimdesk.sim.marketdata import PREFIX as MARKET_DATA
from swimdesk.sim.marketdata import MarketDataHandlers
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.mischief import answer_instead, delay_of, quirks_of, spoil
from swimdesk.sim.profiles import make_logins
from swimdesk.sim.schedule import Schedule
from swimdesk.sim.sessions import Sessions
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.signin.web import PATHS as SIGN_IN
from swimdesk.sim.signin.web import SignInPages
from swimdesk.sim.state import dump_accounts, load_accounts
from swimdesk.sim.trader import PREFIX as TRADER
from swimdesk.sim.trader import Call, TraderHandlers
from swimdesk.sim.venue import Venue

TOKEN_PATH = "/v1/oauth/token"  # noqa: S105 - an address
CORRELATION = "Schwab-Client-CorrelId"


class SimBroker:
    """One brokerage with its customers, market and ledger.

    Everything happens inside :meth:`handle` and :meth:`advance`; the same settings, clock and
    requests give the same brokerage to the last digit.
    """

    def __init__(self, settings: SimSettings, clock: SimClock) -> None:
        self.settings = settings
        self.clock = clock
        self.sessions = Sessions.parse(settings.market, clock, settings.speed)
        self.market = Market(settings.seed, clock, self.sessions, settings.speed)
        self.logins = make_logins(settings, self.market)
        self.accounts = [account for login in self.logins for account in login.accounts]
        self.grants = Grants(settings, self.logins, clock)
        self.ledger = Ledger(self.accounts, clock)
        self.faults = FaultEngine(settings.faults, settings.seed)
        self._random = Random(f"{settings.seed}:core")
        self.schedule = Schedule(clock)
        describe = lru_cache(maxsize=8192)(listings.describe)
        self.venue = Venue(settings, clock, self.market, self.schedule, describe)
        self._trader = TraderHandlers(settings, self.venue, self.market, self.schedule, describe)
        self._market_data = MarketDataHandlers(self.market)
        self.sign_in = SignInPages(settings, self.logins, self.grants, clock)
        self._date = (0, "")
        for login in self.logins:
            self.grants.authorize(login.name)

    @property
    def base_url(self) -> str:
        """The address that Location headers begin with."""
        return self._trader.base_url

    @base_url.setter
    def base_url(self, url: str) -> None:
        self._trader.base_url = url.rstrip("/")

    @property
    def stream_url(self) -> str:
        """The streamer's address that preferences tell."""
        return self._trader.stream_url

    @stream_url.setter
    def stream_url(self, url: str) -> None:
        self._trader.stream_url = url

    def handle(self, request: SimRequest) -> SimResponse:
        """Answer one request, after everything that is due before it."""
        self.advance()
        response = self._answer(request)
        correlation = request.headers.get(CORRELATION.lower()) or new_uuid(self._random)
        headers = {"Date": self._http_date(), CORRELATION: correlation, **response.headers}
        return replace(response, headers=headers)

    def advance(self) -> None:
        """Carry out what is due by the clock."""
        self.schedule.run_due()

    def next_due_s(self) -> float | None:
        """Return in how many seconds something is due; None while nothing is."""
        return self.schedule.next_due_s()

    def describe(self) -> dict[str, Any]:
        """Return what a client has to know to trade here, secrets included."""
        return {
            "base_url": self.base_url,
            "stream_url": self.stream_url,
            "client_id": self.settings.client_id,
            "client_secret": self.settings.client_secret,
            "callback_url": self.settings.callback_url,
            "logins": [
                {
                    "name": login.name,
                    "user": login.user,
                    "password": login.password,
                    "totp_secret": login.totp_secret,
                    "refresh_token": self.grants.refresh_token(login.name),
                    "accounts": [account.number for account in login.accounts],
                }
                for login in self.logins
            ],
        }

    def dump_state(self) -> dict[str, Any]:
        """Return accounts, orders and grants for :meth:`load_state` of a later run."""
        return {
            "last_order_id": self.venue.last_order_id,
            "last_activity_id": self.venue.last_activity_id,
            "grants": self.grants.dump(),
            "accounts": dump_accounts(self.accounts),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take up a dumped state; InputError where it belongs to other settings.

        Prices are not part of it: the market begins anew. Nor are access tokens.
        """
        load_accounts(self.accounts, state["accounts"], listings.describe)
        self.venue.last_order_id = state["last_order_id"]
        self.venue.last_activity_id = state["last_activity_id"]
        self.grants.load(state["grants"])
        for account in self.accounts:
            self.venue.resume(account)

    def _answer(self, request: SimRequest) -> SimResponse:
        if request.path == TOKEN_PATH:
            return self._token(request)
        if request.path.startswith(SIGN_IN):
            return self.sign_in.answer(request)
        login = self.grants.login_of(request)
        if login is None:
            return not_authorized(self._random)
        if request.method == "GET" and "content-type" in request.headers:
            # The real gateway stumbles over a type without a body.
            return gateway(500, "Internal Server Error", UNEXPECTED, self._random, http_status=400)
        if request.path.startswith(MARKET_DATA):
            call = Call(
                Operation.QUOTES, lambda c: self._market_data.handle(c.request), request, login
            )
            return self._run(call, Subject(login.name))
        if not request.path.startswith(TRADER):
            return message(404, "Not Found")
        found = self._trader.find(request, login)
        if isinstance(found, SimResponse):
            return found
        return self._run(found, found.subject)

    def _token(self, request: SimRequest) -> SimResponse:
        if request.method != "POST":
            return message(405, "Method Not Allowed")
        subject = Subject(self.grants.login_of_form(request))
        rule = self.faults.next(subject, Operation.TOKEN)
        if rule is not None and rule.fault in BEFORE:
            return answer_instead(rule, self._random)
        response = self.grants.answer(request)
        return response if rule is None else spoil(rule, response, str)

    def _run(self, call: Call, subject: Subject) -> SimResponse:
        """Carry out a call, unless and until a fault has its say."""
        rule = self.faults.next(subject, call.operation)
        if call.operation in (Operation.PLACE, Operation.REPLACE):
            fault = None if rule is None else rule.fault.value
            call.arrival = self.ledger.note(call.owner, call.operation, fault)
        if rule is None:
            return call.run(call)
        if rule.fault is Fault.LATE_ACCEPT:
            self.schedule.after(delay_of(rule), lambda: _run_unheard(call))
        if rule.fault in BEFORE:
            return answer_instead(rule, self._random)
        call.quirks = quirks_of(rule)
        return self._spoiled(rule, call)

    def _spoiled(self, rule: FaultRule, call: Call) -> SimResponse:
        response = call.run(call)
        return spoil(rule, response, lambda of: self._wrong_location(call.owner, of))

    def _wrong_location(self, account: SimAccount, of: str) -> str:
        """Return the address of this order at another account, or of another order here."""
        order_id = account.orders[-1].order_id
        if of == "order":
            earlier = account.orders[-2].order_id if len(account.orders) > 1 else order_id - 1
            return self._trader.location(account, earlier)
        other = self.accounts[(account.index + 1) % len(self.accounts)]
        return self._trader.location(other, order_id)

    def _http_date(self) -> str:
        now = self.clock.now()
        second = int(now.timestamp())
        if self._date[0] != second:
            self._date = (second, format_datetime(now, usegmt=True))
        return self._date[1]


def _run_unheard(call: Call) -> None:
    """Carry out a request whose sender has already seen its connection break."""
    call.run(call)
