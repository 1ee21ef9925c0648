"""The error tree and the exit codes: what was expected, what was found, what to do."""

from __future__ import annotations

import traceback
from enum import IntEnum
from pathlib import PurePath
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """What a command's exit status promises to the program that ran it."""

    DONE = 0
    USAGE = 2
    DENIED = 3
    PARTIAL = 4
    IN_DOUBT = 5
    LOGIN = 6
    HALTED = 7
    HELD = 8
    UNREACHABLE = 9
    STORE = 10
    BUG = 70


class SwimdeskError(Exception):
    """Base of all errors that are shown to the operator.

    ``detail`` is one or two plain sentences; ``column`` (1-based) points into an order text.
    """

    code: ClassVar[str] = "ERROR"
    title: ClassVar[str] = "Something went wrong"
    exit_code: ClassVar[ExitCode] = ExitCode.BUG
    by_code: ClassVar[dict[str, type[SwimdeskError]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as it came
        super().__init_subclass__(**kwargs)
        SwimdeskError.by_code[cls.code] = cls

    def __init__(self, detail: str, *, column: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.column = column

    def as_json(self) -> dict[str, str | int | None]:
        """Return the body of the promised ``{"error": ...}`` document."""
        return {
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "column": self.column,
        }

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> SwimdeskError:
        """Rebuild the error that another process raised; an unknown code becomes a plain error."""
        kind = cls.by_code.get(str(body.get("code")), RemoteError)
        column = body.get("column")
        return kind(str(body.get("detail", "")), column=column if isinstance(column, int) else None)


class RemoteError(SwimdeskError):
    """Report an error of the owner that this program version does not know."""

    code = "REMOTE_ERROR"
    title = "The owner of this home reported an error"


class ConfigError(SwimdeskError):
    """Report a configuration that cannot be used, naming file, line and key."""

    code = "CONFIG_INVALID"
    title = "The configuration cannot be used"
    exit_code = ExitCode.USAGE


class VaultError(SwimdeskError):
    """Report a vault that cannot be opened, read or written; else told, nothing in it changed."""

    code = "VAULT_UNUSABLE"
    title = "The vault cannot be used"
    exit_code = ExitCode.USAGE


class InputError(SwimdeskError):
    """Report something the operator typed that cannot be carried out as written."""

    code = "INPUT_INVALID"
    title = "That cannot be carried out as written"
    exit_code = ExitCode.USAGE


class OrderTextError(InputError):
    """Report an order text that is not understood, with the column and what was expected there."""

    code = "ORDER_TEXT"
    title = "The order text is not understood"


class WhereTextError(InputError):
    """Report a --where that is not understood, with the column and what was expected there."""

    code = "WHERE_TEXT"
    title = "The condition on accounts is not understood"


class UnknownSymbol(InputError):
    """Report a symbol, expiry or strike that the broker does not list."""

    code = "SYMBOL_UNKNOWN"
    title = "The broker does not know this symbol"


class QuoteUnusable(InputError):
    """Report a market that no price can be made of: no bid or ask, crossed, or delayed."""

    code = "QUOTE_UNUSABLE"
    title = "The market gives no price"


class UnknownReference(InputError):
    """Report an account, group, plan or broadcast that does not exist here."""

    code = "REFERENCE_UNKNOWN"
    title = "There is no such thing in this home"


class NotInDoubt(InputError):
    """Report a verdict on a line that is not in doubt."""

    code = "NOT_IN_DOUBT"
    title = "This line is not in doubt"


class CannotAdopt(InputError):
    """Report an order that cannot be taken for one of ours, or be ignored."""

    code = "CANNOT_ADOPT"
    title = "This order is not one to adopt or to ignore"


class VerdictContradicted(SwimdeskError):
    """Report a verdict on a line in doubt that a read contradicts; nothing was changed."""

    code = "VERDICT_CONTRADICTED"
    title = "The broker's lists contradict this verdict"
    exit_code = ExitCode.DENIED


class OrderDenied(SwimdeskError):
    """Report that our own checks left nothing to send."""

    code = "ORDER_DENIED"
    title = "Denied by our own checks; nothing was sent"
    exit_code = ExitCode.DENIED


class BrokerError(SwimdeskError):
    """Base of everything that went wrong between us and the broker."""

    code = "BROKER_ERROR"
    title = "The broker could not answer"
    exit_code = ExitCode.UNREACHABLE


class BrokerUnreachable(BrokerError):
    """Report that no usable answer came: no network, no name, wrong certificate, 5xx on a read."""

    code = "BROKER_UNREACHABLE"
    title = "The broker cannot be reached"


class BrokerRefused(BrokerError):
    """Report that the broker answered a read or command and said no."""

    code = "BROKER_REFUSED"
    title = "The broker refused the request"


class RateLimited(BrokerError):
    """Report that the broker asked us to slow down (429)."""

    code = "BROKER_RATE_LIMITED"
    title = "The broker asked us to slow down"


class ProtocolDrift(BrokerError):
    """Report an answer whose shape is not the broker's documented one."""

    code = "BROKER_PROTOCOL"
    title = "The broker's answer is not understood"


class ReadBroken(BrokerError):
    """Report a read that a bug of ours has ended, and where; nothing of what was read is in it."""

    code = "READ_BROKEN"
    title = "A bug of ours has ended a read"
    exit_code = ExitCode.BUG


class NoEvidence(BrokerError):
    """Report a verdict that no read supports: incomplete, or too early to tell."""

    code = "NO_EVIDENCE"
    title = "The broker's lists cannot tell this now"


class LoginRequired(BrokerError):
    """Report a login without a usable grant; a person has to sign in."""

    code = "LOGIN_REQUIRED"
    title = "A login needs to sign in"
    exit_code = ExitCode.LOGIN


class SignInFailed(BrokerError):
    """Report a sign-in that came to no grant; what was kept before stands as it was."""

    code = "SIGN_IN_FAILED"
    title = "The sign-in failed"
    exit_code = ExitCode.LOGIN


class PasswordRefused(SignInFailed):
    """Report that the broker does not take the login id or the password; neither is tried again."""

    code = "PASSWORD_REFUSED"
    title = "The broker refuses the password"


class SignInRefused(BrokerError):
    """Report a sign-in that the desk does not begin, or finish, now."""

    code = "SIGN_IN_REFUSED"
    title = "Not a moment to sign in"
    exit_code = ExitCode.LOGIN


class StoreError(SwimdeskError):
    """Base of everything wrong with the database of this home."""

    code = "STORE_UNUSABLE"
    title = "The store cannot be used"
    exit_code = ExitCode.STORE


class StoreFull(StoreError):
    """Report that the disk (or the database's page limit) is full."""

    code = "STORE_FULL"
    title = "The disk is full"


class StoreCorrupt(StoreError):
    """Report a database that fails its integrity check."""

    code = "STORE_CORRUPT"
    title = "The database is damaged"


class SchemaTooNew(StoreError):
    """Report a database written by a newer swimdesk."""

    code = "STORE_SCHEMA_TOO_NEW"
    title = "The database is newer than this program"


class ModeMismatch(StoreError):
    """Report a database of the other mode (paper, live)."""

    code = "STORE_MODE_MISMATCH"
    title = "The database belongs to the other mode"


class GuardError(SwimdeskError):
    """Base of the desk's own refusals to act."""

    code = "GUARD"
    title = "The desk does not act"
    exit_code = ExitCode.HALTED


class TradingHalted(GuardError):
    """Report that the kill switch is on."""

    code = "TRADING_HALTED"
    title = "Trading is halted"


class PlanExpired(GuardError):
    """Report a plan that is too old, was used, or no longer describes what would be sent."""

    code = "PLAN_EXPIRED"
    title = "The plan is no longer valid"
    exit_code = ExitCode.USAGE


class HomeHeld(SwimdeskError):
    """Report a home that another process holds, or whose owner does not answer."""

    code = "HOME_HELD"
    title = "Another process holds this home"
    exit_code = ExitCode.HELD


class InvariantBroken(SwimdeskError):
    """Report a bug of ours: a state that the rules of this program exclude."""

    code = "BUG"
    title = "A bug of ours"
    exit_code = ExitCode.BUG


def why_not_read(error: BaseException) -> SwimdeskError:
    """Return why one of several reads came to nothing, so that it is told and ends no other.

    Of an error that nobody expected there is its kind and its place, never its text, which may
    hold what was read. What ends the program is raised.
    """
    if isinstance(error, SwimdeskError):
        return error
    if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return ReadBroken(f"a bug of ours: {type(error).__name__}{place}")
