"""Who is on the pages: one visit per browser and authorization, and what is known of each login."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from swimdesk.sim.accounts import SimLogin
from swimdesk.sim.signin.plans import SignInPlan


class Page(StrEnum):
    """The pages by what stands after ``#/``."""

    LOGIN = "login-one-step"
    AUTHENTICATORS = "authenticators"
    OTP = "otp-code"
    PUSH = "mobile-approve"
    TOTP = "placeholder"
    TERMS = "third-party-auth/cag"
    ACCOUNTS = "third-party-auth/account"
    CONFIRMATION = "third-party-auth/confirmation"
    INFORMATION = "information"
    UNKNOWN = "profile/verify-contact"


class Push(StrEnum):
    """How far the request on the customer's phone is."""

    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"


@dataclass(slots=True, eq=False)
class Customer:
    """One login as the pages know it."""

    login: SimLogin
    plan: SignInPlan
    consented: set[str]
    """Numbers of the accounts ticked at the last consent."""
    wrong_passwords: int = 0
    """Since the last right one."""
    is_locked: bool = False
    passwords: int = 0
    """How often a password was sent for this login."""
    sign_ins: int = 0
    """How often the pages were gone through to the callback."""
    sent_code: str | None = field(default=None, repr=False)
    """The last code sent by text message or call."""
    used_step: int | None = None
    """The 30 s step of the last authenticator code that was taken."""
    devices: set[str] = field(default_factory=set, repr=False)
    """Browsers that need no second factor."""


@dataclass(slots=True, eq=False)
class Visit:
    """One browser on its way from authorize to the callback."""

    id: str = field(repr=False)
    redirect_uri: str
    state: str | None = field(repr=False)
    began_at: datetime
    loops: bool = False
    """The login form comes back for ever."""
    page: Page = Page.LOGIN
    page_number: int = 1
    """Goes up with every page that is entered, so that a page entered again is a new one."""
    error: str = ""
    customer: Customer | None = None
    is_proven: bool = False
    """The second factor is done, or not needed."""
    bounces_left: int = 0
    wrong_codes: int = 0
    code: str | None = field(default=None, repr=False)
    """The code that was sent for this visit."""
    asked_at: datetime | None = None
    """When the code was sent, or the phone asked."""
    push: Push | None = None
    notice: str = ""
    is_notice_read: bool = False
    has_accepted: bool = False
    """The box under the terms was ticked, so that the long agreement is shown."""
    chosen: tuple[str, ...] = ()
    """Numbers of the accounts ticked on this visit."""

    def enter(self, page: Page) -> None:
        """Go to a page, without the error of the one before."""
        self.page = page
        self.page_number += 1
        self.error = ""

    def inform(self, notice: str) -> None:
        """Go to a notice."""
        self.notice = notice
        self.enter(Page.INFORMATION)
