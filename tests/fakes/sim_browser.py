"""A browser at the brokerage's sign-in pages without a browser: cookies, calls, what is shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyotp

from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.messages import SimRequest, SimResponse
from tests.fakes.sim_client import Counter


class PageVisitor:
    """One browser: it keeps cookies and does on each page what its user tells it."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.login: SimLogin = counter.login
        self.cookies: dict[str, str] = {}
        self.shown: dict[str, Any] = {}

    @property
    def page(self) -> str:
        """What stands after ``#/``."""
        return str(self.shown["page"])

    @property
    def error(self) -> str:
        """The page's error, empty where there is none."""
        return str(self.shown["error"])

    def query(self, **changed: str | None) -> dict[str, str]:
        """Return the parameters of an authorization that is in order, but for what is changed."""
        settings = self.counter.broker.settings
        full = {
            "client_id": settings.client_id,
            "redirect_uri": settings.callback_url,
            "response_type": "code",
            "state": "s 1&",
            **changed,
        }
        return {name: text for name, text in full.items() if text is not None}

    def send(
        self, method: str, path: str, body: bytes = b"", query: Mapping[str, str] | None = None
    ) -> SimResponse:
        """Send a request with the cookies that belong to its path, and keep new ones."""
        headers = {}
        if path.startswith("/ui/host/"):
            headers["cookie"] = "; ".join(f"{name}={text}" for name, text in self.cookies.items())
        response = self.counter.broker.handle(SimRequest(method, path, query or {}, headers, body))
        for name, morsel in SimpleCookie(response.headers.get("Set-Cookie", "")).items():
            assert (morsel["path"], morsel["secure"]) == ("/ui/host/", True)
            assert morsel["httponly"]
            self.cookies[name] = morsel.value
        return response

    def authorize(self, **changed: str | None) -> str:
        """Begin; return where the browser is sent."""
        response = self.send("GET", "/v1/oauth/authorize", query=self.query(**changed))
        assert response.status == 302, response.body
        self.look()
        return response.headers["Location"]

    def look(self) -> str:
        """Ask for the page again; return which it is."""
        return self._show(self.send("GET", "/ui/host/api/page"))

    def do(self, action: str, **form: Any) -> str:
        """Carry out an action; return the page it leads to."""
        return self._show(self.send("POST", f"/ui/host/api/{action}", json.dumps(form).encode()))

    def log_in(self, password: str | None = None) -> str:
        """Send the login form."""
        return self.do("login", loginId=self.login.user, password=password or self.login.password)

    def totp(self, ahead_s: int = 0) -> str:
        """Send an authenticator code."""
        at = self.counter.clock.now() + timedelta(seconds=ahead_s)
        return self.do("totp", code=pyotp.TOTP(self.login.totp_secret).at(at))

    def consent(self, *places: str) -> str:
        """Go from the terms to the end of the account page; without places all are ticked."""
        self.do("terms", accepted=True)
        self.do("agreement")
        listed = [box["id"] for box in self.shown["data"]["accounts"]]
        return self.do("accounts", ticked=list(places) or listed)

    def finish(self) -> dict[str, str]:
        """Leave for the callback; return the query that arrives there, decoded once."""
        response = self.send("GET", "/ui/host/done")
        assert response.status == 302, response.body
        location = urlsplit(response.headers["Location"])
        assert f"{location.scheme}://{location.netloc}" == self.counter.broker.settings.callback_url
        assert location.path == "/"
        return {name: texts[0] for name, texts in parse_qs(location.query).items()}

    def _show(self, response: SimResponse) -> str:
        assert response.status == 200, response.body
        self.shown = json.loads(response.body)
        return self.page


def visitor(**settings: Any) -> PageVisitor:
    """Return a browser that stands at the login form."""
    found = PageVisitor(Counter(**settings))
    found.authorize()
    return found
