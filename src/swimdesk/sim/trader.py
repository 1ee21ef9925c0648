"""The trader API's endpoints: accounts, orders, previews, preferences (schwab-api 4)."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from swimdesk.sim.accounts import SimAccount, SimLogin
from swimdesk.sim.answers import (
    INVALID_ACCOUNT,
    JSON,
    ORDER_NOT_FOUND,
    answer,
    message,
    new_uuid,
)
from swimdesk.sim.balances import account_text
from swimdesk.sim.faults import NOBODY, Operation, Subject
from swimdesk.sim.ledger import Arrival
from swimdesk.sim.listings import Listing
from swimdesk.sim.market import Market
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.orders import SimOrder, Status
from swimdesk.sim.previews import preview
from swimdesk.sim.rendering import order_bytes, user_preference
from swimdesk.sim.rules import open_case, rejections
from swimdesk.sim.schedule import Schedule
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.validation import read_order
from swimdesk.sim.venue import NO_QUIRKS, Quirks, Venue
from swimdesk.sim.windows import ALL_ACCOUNTS_DAYS, BadQuery, read_window

PREFIX = "/trader/v1/"
NOT_CANCELABLE = "Order cannot be canceled in its current status"
NOT_REPLACEABLE = "Order cannot be replaced in its current status"


@dataclass(slots=True)
class Call:
    """One request that found its endpoint."""

    operation: Operation
    run: Callable[[Call], SimResponse]
    request: SimRequest
    login: SimLogin
    account: SimAccount | None = None
    order_id: str = ""
    quirks: Quirks = NO_QUIRKS
    arrival: Arrival | None = None

    @property
    def subject(self) -> Subject:
        """Whom fault plans count the request for."""
        if self.account is None:
            return NOBODY
        return Subject(self.account.last4, self.account.index)

    @property
    def owner(self) -> SimAccount:
        """The account in the path; only for endpoints that have one."""
        if self.account is None:
            raise LookupError("this endpoint names no account")
        return self.account


class TraderHandlers:
    """Finds the endpoint of a request and answers it."""

    def __init__(
        self,
        settings: SimSettings,
        venue: Venue,
        market: Market,
        schedule: Schedule,
        describe: Callable[[str], Listing | None],
    ) -> None:
        self.base_url = settings.base_url
        self.stream_url = settings.stream_url
        self._tag = f"TA_{settings.app_name}"
        self._venue = venue
        self._market = market
        self._schedule = schedule
        self._describe = describe
        self._random = Random(f"{settings.seed}:preference")
        self._endpoints = self._all_endpoints()

    def find(self, request: SimRequest, login: SimLogin) -> Call | SimResponse:
        """Return the call that a request makes, or the answer that it makes none."""
        account = None
        order_id = ""
        match request.path.removeprefix(PREFIX).split("/"):
            case ["accounts", hash_value, *rest] if hash_value != "accountNumbers":
                account = next((a for a in login.accounts if a.hash_value == hash_value), None)
                if account is None:
                    return message(400, INVALID_ACCOUNT)
                shape = "/".join(("{account}", *rest[:1], *("{order}" for _ in rest[1:])))
                order_id = rest[1] if len(rest) > 1 else ""
            case parts:
                shape = "/".join(parts)
        endpoint = self._endpoints.get((request.method, shape))
        if endpoint is None:
            known = any(path == shape for _, path in self._endpoints)
            return message(405, "Method Not Allowed") if known else message(404, "Not Found")
        operation, run = endpoint
        return Call(operation, run, request, login, account, order_id)

    def location(self, account: SimAccount, order_id: int) -> str:
        """Return the absolute address of an order."""
        return f"{self.base_url}{PREFIX}accounts/{account.hash_value}/orders/{order_id}"

    def _all_endpoints(
        self,
    ) -> dict[tuple[str, str], tuple[Operation, Callable[[Call], SimResponse]]]:
        return {
            ("GET", "accounts/accountNumbers"): (Operation.ACCOUNTS, self._numbers),
            ("GET", "accounts"): (Operation.ACCOUNTS, self._accounts),
            ("GET", "{account}"): (Operation.ACCOUNTS, self._account),
            ("GET", "{account}/orders"): (Operation.LIST, self._account_orders),
            ("POST", "{account}/orders"): (Operation.PLACE, self._place),
            ("GET", "{account}/orders/{order}"): (Operation.GET, self._order),
            ("DELETE", "{account}/orders/{order}"): (Operation.CANCEL, self._cancel),
            ("PUT", "{account}/orders/{order}"): (Operation.REPLACE, self._replace),
            ("POST", "{account}/previewOrder"): (Operation.PREVIEW, self._preview),
            ("GET", "orders"): (Operation.LIST, self._all_orders),
            ("GET", "userPreference"): (Operation.PREFERENCE, self._preference),
        }

    def _numbers(self, call: Call) -> SimResponse:
        rows = [{"accountNumber": a.number, "hashValue": a.hash_value} for a in call.login.accounts]
        return answer(rows)

    def _accounts(self, call: Call) -> SimResponse:
        return self._shown(call, lambda show: f"[{','.join(map(show, call.login.accounts))}]")

    def _account(self, call: Call) -> SimResponse:
        return self._shown(call, lambda show: show(call.owner))

    def _shown(self, call: Call, text: Callable[[Callable[[SimAccount], str]], str]) -> SimResponse:
        fields = call.request.query.get("fields", "")
        if fields not in ("", "positions"):
            return message(400, f"Invalid value '{fields}'")
        shown = text(lambda a: account_text(a, self._market, positions=fields == "positions"))
        return SimResponse(200, shown.encode(), JSON)

    def _account_orders(self, call: Call) -> SimResponse:
        return self._listed(call, [call.owner])

    def _all_orders(self, call: Call) -> SimResponse:
        return self._listed(call, call.login.accounts, limit_days=ALL_ACCOUNTS_DAYS)

    def _listed(
        self, call: Call, accounts: list[SimAccount], limit_days: int | None = None
    ) -> SimResponse:
        try:
            window = read_window(call.request.query, self._schedule.epoch_s, limit_days)
        except BadQuery as bad:
            return message(400, bad.text, bad.errors)
        rows = (a.entered_between(window.first_s, window.last_s) for a in accounts)
        newest_first = heapq.merge(*rows, key=lambda order: -order.order_id)
        found: list[bytes] = []
        for order in newest_first:
            if len(found) == window.max_results:
                break
            shown = order.shown_status or order.status.value
            if self._visible(order) and window.status in (None, shown):
                found.append(order_bytes(order, self._tag))
        return SimResponse(200, b"[" + b",".join(found) + b"]", JSON)

    def _visible(self, order: SimOrder) -> bool:
        return order.hidden_until_s <= self._schedule.now_s

    def _known(self, call: Call) -> SimOrder | None:
        """Return the order that the path names, None when the account has no such order."""
        if not call.order_id.isascii() or not call.order_id.isdigit():
            return None
        return call.owner.by_id.get(int(call.order_id))

    def _order(self, call: Call) -> SimResponse:
        order = self._known(call)
        if order is None or not self._visible(order):
            return message(404, ORDER_NOT_FOUND)
        return SimResponse(200, order_bytes(order, self._tag), JSON)

    def _place(self, call: Call) -> SimResponse:
        return self._create(call, None)

    def _replace(self, call: Call) -> SimResponse:
        order = self._known(call)
        if order is None:
            return message(404, ORDER_NOT_FOUND)
        if order.is_terminal or order.status in (Status.PENDING_CANCEL, Status.PENDING_REPLACE):
            return message(400, NOT_REPLACEABLE)
        return self._create(call, order)

    def _create(self, call: Call, replaced: SimOrder | None) -> SimResponse:
        read = read_order(call.request.body, self._describe)
        if isinstance(read, SimResponse):
            return read
        order = self._venue.place(call.owner, read, call.quirks, replaced)
        if call.arrival is not None:
            call.arrival.created(order)
        return SimResponse(201, headers={"Location": self.location(call.owner, order.order_id)})

    def _cancel(self, call: Call) -> SimResponse:
        order = self._known(call)
        if order is None:
            return message(404, ORDER_NOT_FOUND)
        if order.is_terminal:
            return message(400, NOT_CANCELABLE)
        self._venue.cancel(call.owner, order)
        return SimResponse(200)

    def _preview(self, call: Call) -> SimResponse:
        read = read_order(call.request.body, self._describe)
        if isinstance(read, SimResponse):
            return read
        case = open_case(call.owner, read.terms, self._market, self._describe)
        return answer(preview(case, rejections(case), self._schedule.epoch_s))

    def _preference(self, call: Call) -> SimResponse:
        login = call.login
        return answer(
            user_preference(
                login.accounts, self.stream_url, login.customer_id, lambda: new_uuid(self._random)
            )
        )
