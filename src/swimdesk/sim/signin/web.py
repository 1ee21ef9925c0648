"""The sign-in pages over HTTP: authorize, the application's files, its calls, the callback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache
from http.cookies import CookieError, SimpleCookie
from importlib.resources import files
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlsplit, urlunsplit

from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.answers import HTML, TEXT, answer, new_uuid
from swimdesk.sim.clock import SimClock
from swimdesk.sim.grants import Grants
from swimdesk.sim.messages import SimRequest, SimResponse
from swimdesk.sim.settings import SimSettings
from swimdesk.sim.signin.authorize import ACCESS_DENIED, Asked, asked
from swimdesk.sim.signin.customers import Customers
from swimdesk.sim.signin.flow import Flow
from swimdesk.sim.signin.views import notice_view, view_of
from swimdesk.sim.signin.visits import Page, Push, Visit

AUTHORIZE_PATH: Final = "/v1/oauth/authorize"
HOST_PATH: Final = "/ui/host/"
FAVICON_PATH: Final = "/favicon.ico"
PATHS: Final = (AUTHORIZE_PATH, HOST_PATH, FAVICON_PATH)
"""What the addresses of the pages begin with."""
VISIT_LIFE: Final = timedelta(minutes=15)
VISIT_COOKIE: Final = "visit"
DEVICE_COOKIE: Final = "device"

_TYPES: Final = {
    "index.html": "text/html; charset=utf-8",
    "app.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
}
"""The application's files."""
_CALLS: Final = f"{HOST_PATH}api/"
_DONE: Final = f"{HOST_PATH}done"
_GUARDED: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_YEAR_S: Final = 365 * 24 * 3600


class SignInPages:
    """Let customers sign in by browser; all state is here, a browser holds opaque cookies only."""

    def __init__(
        self, settings: SimSettings, logins: list[SimLogin], grants: Grants, clock: SimClock
    ) -> None:
        self._settings = settings
        self._grants = grants
        self._clock = clock
        self._random = Random(f"{settings.seed}:sign-in")
        self.customers = Customers(settings, logins)
        self._flow = Flow(self.customers.by_user, clock, self._random)
        self._visits: dict[str, Visit] = {}

    def answer(self, request: SimRequest) -> SimResponse:
        """Answer a request whose path begins with one of :data:`PATHS`."""
        response = self._answer(request)
        return replace(response, headers={**_GUARDED, **response.headers})

    def answer_push(self, login: str, *, approve: bool) -> int:
        """Approve or deny on the phone what waits for a login; return how many requests that was.

        KeyError for a login nobody has.
        """
        customer = self.customers.by_name[login]
        visits = [v for v in self._visits.values() if v.customer is customer]
        for visit in visits:
            self._flow.refresh(visit)
        waiting = [v for v in visits if v.page is Page.PUSH and v.push is Push.WAITING]
        for visit in waiting:
            visit.push = Push.APPROVED if approve else Push.DENIED
        return len(waiting)

    def _answer(self, request: SimRequest) -> SimResponse:
        if request.path == AUTHORIZE_PATH and request.method == "GET":
            return self._authorize(request)
        if request.path.startswith(_CALLS):
            return self._call(request)
        if request.path == _DONE and request.method == "GET":
            return self._finish(request)
        name = request.path.removeprefix(HOST_PATH) or "index.html"
        if name in _TYPES and request.method == "GET":
            return SimResponse(200, _file(name), {"Content-Type": _TYPES[name]})
        return SimResponse(404, b"Not Found", TEXT)

    def _authorize(self, request: SimRequest) -> SimResponse:
        found = asked(request.query, self._settings)
        if found is Asked.DENIED:
            return SimResponse(403, ACCESS_DENIED, HTML)
        self._forget_old()
        redirect_uri = request.query.get("redirect_uri", self._settings.callback_url)
        state = request.query.get("state")
        visit = Visit(new_uuid(self._random), redirect_uri, state, self._clock.now())
        if found is Asked.UNKNOWN:
            visit.inform("unable")
        visit.loops = found is Asked.LOOPS
        self._visits[visit.id] = visit
        location = f"{HOST_PATH}#/{view_of(visit)['page']}"
        cookie = _cookie(VISIT_COOKIE, visit.id)
        return SimResponse(302, headers={"Location": location, "Set-Cookie": cookie})

    def _call(self, request: SimRequest) -> SimResponse:
        cookies = _cookies(request)
        visit = self._visit(cookies)
        if visit is None:
            return answer(notice_view("session-ended"))
        headers: dict[str, str] = {}
        if request.method == "POST":
            form = _form(request.body)
            device = cookies.get(DEVICE_COOKIE, "")
            if form.get("remember") is True and not device:
                device = new_uuid(self._random)
                headers["Set-Cookie"] = f"{_cookie(DEVICE_COOKIE, device)}; Max-Age={_YEAR_S}"
            self._flow.act(visit, request.path.removeprefix(_CALLS), {**form, "device": device})
        self._flow.refresh(visit)
        response = answer(view_of(visit))
        headers = {**response.headers, **headers}
        return replace(response, headers=headers, extra_delay_ms=_slow_ms(visit))

    def _finish(self, request: SimRequest) -> SimResponse:
        """Send the browser to the callback, once."""
        visit = self._visit(_cookies(request))
        if visit is None or visit.customer is None or visit.page is not Page.CONFIRMATION:
            return SimResponse(302, headers={"Location": f"{HOST_PATH}#/{Page.LOGIN}"})
        del self._visits[visit.id]
        customer = visit.customer
        if customer.plan.decline:
            given = {"error": "access_denied"}
        else:
            code = self._grants.mint_code(customer.login.name, visit.chosen)
            given = {"code": code, "session": new_uuid(self._random)}
            customer.sign_ins += 1
            customer.consented = set(visit.chosen)
        location = _callback(visit, given)
        return SimResponse(302, headers={"Location": location}, extra_delay_ms=_slow_ms(visit))

    def _visit(self, cookies: Mapping[str, str]) -> Visit | None:
        visit = self._visits.get(cookies.get(VISIT_COOKIE, ""))
        ended = visit is not None and self._clock.now() >= visit.began_at + VISIT_LIFE
        return None if ended else visit

    def _forget_old(self) -> None:
        begins = self._clock.now() - VISIT_LIFE
        self._visits = {id_: v for id_, v in self._visits.items() if v.began_at > begins}


@cache
def _file(name: str) -> bytes:
    return (files("swimdesk.sim.signin") / "assets" / name).read_bytes()


def _cookie(name: str, value: str) -> str:
    # The path keeps it from a callback listener: cookies of 127.0.0.1 go to all its ports.
    return f"{name}={value}; Path={HOST_PATH}; Secure; HttpOnly; SameSite=Lax"


def _cookies(request: SimRequest) -> dict[str, str]:
    try:
        jar = SimpleCookie(request.headers.get("cookie", ""))
    except CookieError:
        return {}
    return {name: morsel.value for name, morsel in jar.items()}


def _form(body: bytes) -> dict[str, Any]:
    try:
        form = json.loads(body)
    except ValueError:
        return {}
    return form if isinstance(form, dict) else {}


def _slow_ms(visit: Visit) -> float:
    return 0.0 if visit.customer is None else visit.customer.plan.slow_ms


def _callback(visit: Visit, given: Mapping[str, str]) -> str:
    state = {} if visit.state is None else {"state": visit.state}
    pairs = (f"{name}={quote(value, safe='')}" for name, value in {**given, **state}.items())
    parts = urlsplit(visit.redirect_uri)
    query = "&".join((*filter(None, (parts.query,)), *pairs))
    return urlunsplit(parts._replace(path=parts.path or "/", query=query))
