"""What the token endpoint's answers make of a login's grant."""

from __future__ import annotations

from datetime import datetime, timedelta

from swimdesk.errors import BrokerUnreachable, SignInFailed
from swimdesk.login.oauth import TokenAnswer, TokensGranted, TokensRefused, TokensUnavailable
from swimdesk.login.token_files import Grant


def new_grant(login: str, answer: TokenAnswer, asked: datetime) -> Grant:
    """Return the grant that a code was traded for; SignInFailed, BrokerUnreachable."""
    if isinstance(answer, TokensUnavailable):
        raise BrokerUnreachable(
            f"login {login}: its sign-in came to no tokens: {answer.reason}; a code is"
            " never sent twice, so begin a new sign-in"
        )
    if isinstance(answer, TokensRefused):
        reason = (
            f"the broker does not accept the code ({answer.error}): it lives for 30 s"
            " and can be used once; begin a new sign-in"
        )
        raise SignInFailed(f"login {login}: {why_refused(answer, reason)}")
    if answer.refresh is None:
        raise SignInFailed(
            f"login {login}: the broker's answer lacks a refresh token; begin a new sign-in"
        )
    ends = asked + timedelta(seconds=answer.life_s)
    return Grant(answer.access, answer.refresh, ends, asked, answer.scope)


def successor(grant: Grant, answer: TokensGranted, asked: datetime) -> Grant:
    """Return the grant with its new tokens; the end of the sign-in stays where it was."""
    return Grant(
        access=answer.access,
        refresh=answer.refresh or grant.refresh,
        access_expires=asked + timedelta(seconds=answer.life_s),
        signed_in=grant.signed_in,
        scope=answer.scope,
    )


def why_refused(answer: TokensRefused, usually: str) -> str:
    """Return why the endpoint said no and what to do: as usual, or for an unknown application."""
    if answer.blames_application:
        return (
            "the broker refuses the application: check app_key and app_secret in config.toml; a"
            " sign-in does not help"
        )
    return usually
