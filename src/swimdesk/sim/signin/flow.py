"""What happens on each page: a customer's action in, the next page decided."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import pyotp

from swimdesk.sim.clock import SimClock
from swimdesk.sim.signin.notices import NOTICES
from swimdesk.sim.signin.plans import SecondFactor, names
from swimdesk.sim.signin.visits import Customer, Page, Push, Visit

WRONG_PASSWORDS_TO_LOCK: Final = 3
WRONG_CODES_TO_END: Final = 3
CODE_LIFE: Final = timedelta(minutes=5)
PUSH_LIFE: Final = timedelta(seconds=60)
TOTP_STEP_S: Final = 30
_NEIGHBOURS: Final = (0, -1, 1)
"""Steps whose authenticator code is taken: now, the one before, the one after."""

WRONG_LOGIN: Final = "The Login ID or password you entered is incorrect. Please try again."
WRONG_CODE: Final = "That code isn't right. Please try again."
NO_ACCOUNT: Final = "Select at least one account."

_FIRST_PAGES: Final = {
    SecondFactor.PUSH: Page.PUSH,
    SecondFactor.SMS: Page.OTP,
    SecondFactor.TOTP: Page.TOTP,
    SecondFactor.CHOICE: Page.AUTHENTICATORS,
}
TILES: Final = {
    "mobile_approve": (Page.PUSH, "Approve in the mobile app"),
    "otp_sms": (Page.OTP, "Text me"),
    "otp_voice": (Page.OTP, "Call me"),
    "authenticator_app": (Page.TOTP, "Use my authenticator app"),
}
"""The ways of the choice by the id of their tile: where each leads, and its caption."""


class Flow:
    """Carry out what a customer does on a page."""

    def __init__(self, customers: Mapping[str, Customer], clock: SimClock, random: Random) -> None:
        self._customers = customers
        self._clock = clock
        self._random = random
        self._actions: Mapping[str, tuple[Page, Callable[[Visit, Mapping[str, Any]], None]]] = {
            "login": (Page.LOGIN, self._log_in),
            "authenticator": (Page.AUTHENTICATORS, self._pick),
            "code": (Page.OTP, self._check_sent_code),
            "device": (Page.PUSH, self._after_push),
            "totp": (Page.TOTP, self._check_totp),
            "terms": (Page.TERMS, self._accept),
            "agreement": (Page.TERMS, self._agree),
            "accounts": (Page.ACCOUNTS, self._choose),
            "continue": (Page.INFORMATION, self._read_on),
        }

    def act(self, visit: Visit, action: str, form: Mapping[str, Any]) -> None:
        """Carry out an action of the page the visit is on; any other changes nothing."""
        page, run = self._actions.get(action, (None, None))
        visit.error = ""
        if run is not None and page is visit.page:
            run(visit, form)

    def refresh(self, visit: Visit) -> None:
        """Take in what time, or the customer's phone, has done to the page."""
        if visit.page is not Page.PUSH:
            return
        if visit.push is Push.DENIED:
            visit.inform("push-denied")
        elif visit.push is Push.WAITING and self._is_past(visit.asked_at, PUSH_LIFE):
            visit.push = None
            visit.inform("push-expired")

    def _log_in(self, visit: Visit, form: Mapping[str, Any]) -> None:
        user, password = _text(form, "loginId"), _text(form, "password")
        customer = self._customers.get(user.casefold())
        if customer is None:
            visit.error = WRONG_LOGIN
            return
        customer.passwords += 1
        if not customer.is_locked and not _same(password, customer.login.password):
            customer.wrong_passwords += 1
            customer.is_locked = customer.wrong_passwords >= WRONG_PASSWORDS_TO_LOCK
            visit.error = WRONG_LOGIN
        if customer.is_locked:
            visit.inform("locked")
        elif not visit.error:
            self._welcome(visit, customer, _text(form, "device"))

    def _welcome(self, visit: Visit, customer: Customer, device: str) -> None:
        customer.wrong_passwords = 0
        if visit.customer is not customer:
            visit.customer = customer
            visit.bounces_left = customer.plan.bounces
            factor = customer.plan.second_factor
            visit.is_proven = factor is SecondFactor.NONE or device in customer.devices
        self._go_on(visit, customer)

    def _go_on(self, visit: Visit, customer: Customer) -> None:
        plan = customer.plan
        if not visit.is_proven:
            self._ask(visit, customer, _FIRST_PAGES[plan.second_factor])
        elif visit.loops or visit.bounces_left:
            visit.bounces_left = max(0, visit.bounces_left - 1)
            visit.enter(Page.LOGIN)
        elif plan.unknown_page:
            visit.enter(Page.UNKNOWN)
        elif plan.notice and not visit.is_notice_read:
            visit.inform(plan.notice)
        else:
            visit.enter(Page.TERMS)

    def _ask(self, visit: Visit, customer: Customer, page: Page) -> None:
        """Enter the page of a second factor: send the code, or ask the phone."""
        visit.asked_at = self._clock.now()
        if page is Page.OTP:
            visit.code = customer.sent_code = f"{self._random.randrange(10**6):06d}"
        if page is Page.PUSH:
            visit.push = Push.WAITING
        visit.enter(page)

    def _pick(self, visit: Visit, form: Mapping[str, Any]) -> None:
        page, _ = TILES.get(_text(form, "tile"), (None, ""))
        if page is not None:
            self._ask(visit, _of(visit), page)

    def _check_sent_code(self, visit: Visit, form: Mapping[str, Any]) -> None:
        fresh = visit.code is not None and not self._is_past(visit.asked_at, CODE_LIFE)
        if not fresh or not _same(_text(form, "code"), visit.code or ""):
            self._refuse_code(visit)
            return
        visit.code = None
        self._prove(visit, form)

    def _check_totp(self, visit: Visit, form: Mapping[str, Any]) -> None:
        customer = _of(visit)
        step = self._step_of(customer.login.totp_secret, _text(form, "code"))
        replayed = (
            customer.used_step is not None and step is not None and step <= customer.used_step
        )
        if step is None or (replayed and customer.plan.code_once):
            self._refuse_code(visit)
            return
        customer.used_step = step
        self._prove(visit, {})

    def _step_of(self, secret: str, code: str) -> int | None:
        """Return which 30 s step an authenticator code belongs to, None for a wrong one."""
        now = int(self._clock.now().timestamp()) // TOTP_STEP_S
        totp = pyotp.TOTP(secret)
        steps = (now + away for away in _NEIGHBOURS)
        return next((step for step in steps if _same(code, totp.generate_otp(step))), None)

    def _refuse_code(self, visit: Visit) -> None:
        visit.wrong_codes += 1
        visit.error = WRONG_CODE
        if visit.wrong_codes >= WRONG_CODES_TO_END:
            visit.inform("too-many-codes")

    def _after_push(self, visit: Visit, form: Mapping[str, Any]) -> None:
        if visit.push is Push.APPROVED:
            self._prove(visit, form)

    def _prove(self, visit: Visit, form: Mapping[str, Any]) -> None:
        """Take the second factor as done, and remember the browser where asked to."""
        customer = _of(visit)
        visit.is_proven = True
        if form.get("remember") is True:
            customer.devices.add(_text(form, "device"))
        self._go_on(visit, customer)

    def _accept(self, visit: Visit, form: Mapping[str, Any]) -> None:
        visit.has_accepted = form.get("accepted") is True

    def _agree(self, visit: Visit, _: Mapping[str, Any]) -> None:
        if visit.has_accepted:
            visit.enter(Page.ACCOUNTS)

    def _choose(self, visit: Visit, form: Mapping[str, Any]) -> None:
        ticked = form.get("ticked")
        places = ticked if isinstance(ticked, list) else []
        listed = boxes(_of(visit))
        visit.chosen = tuple(number for place, number in listed.items() if place in places)
        if visit.chosen:
            visit.enter(Page.CONFIRMATION)
        else:
            visit.error = NO_ACCOUNT

    def _read_on(self, visit: Visit, _: Mapping[str, Any]) -> None:
        customer = visit.customer
        if customer is not None and NOTICES[visit.notice].can_continue:
            visit.is_notice_read = True
            self._go_on(visit, customer)

    def _is_past(self, since: datetime | None, life: timedelta) -> bool:
        return since is None or self._clock.now() >= since + life


def boxes(customer: Customer) -> dict[str, str]:
    """Return the account numbers that have a box on the consent page, by the box's value."""
    return {
        str(place): account.number
        for place, account in enumerate(customer.login.accounts)
        if not names(customer.plan.unlisted, account, place)
    }


def _of(visit: Visit) -> Customer:
    """Return the customer of a visit that is beyond the login form."""
    if visit.customer is None:
        raise LookupError(f"nobody is signed in on {visit.page}")
    return visit.customer


def _text(form: Mapping[str, Any], key: str) -> str:
    value = form.get(key)
    return value if isinstance(value, str) else ""


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
