"""The two ends of a sign-in: the address that begins it, and the callback that it ends at."""

from __future__ import annotations

import hmac
from urllib.parse import SplitResult, unquote, urlencode, urlsplit

from swimdesk.errors import SignInFailed
from swimdesk.telemetry.redaction import Secret

AUTHORIZE_PATH = "/v1/oauth/authorize"

_MAX_CHARS = 8192
_USUAL_PORTS = {"https": 443, "http": 80}


def authorize_url(api_url: str, app_key: Secret, callback_url: str, state: str) -> Secret:
    """Return the address at which a person signs in; it names the application's key."""
    query = urlencode(
        {
            "client_id": app_key.reveal(),
            "redirect_uri": callback_url,
            "response_type": "code",
            "state": state,
        }
    )
    return Secret(f"{api_url.rstrip('/')}{AUTHORIZE_PATH}?{query}")


def code_of(callback_url: Secret, expected_callback: str, state: str) -> Secret:
    """Return the authorization code of a callback address, ready for the token endpoint.

    SignInFailed if the address is not the registered callback's, is of another attempt, or has no
    code; it says what is wrong and shows none of the address.
    """
    given = _split(callback_url.reveal().strip())
    expected = urlsplit(expected_callback)
    for name, found, wanted in zip(
        ("scheme", "host", "port", "path"), _place(given), _place(expected), strict=True
    ):
        if found != wanted:
            raise SignInFailed(
                f"the address is not the callback's: its {name} differs, expected"
                f" {expected_callback}; paste the whole address at which the browser ended"
            )
    if given.username is not None or given.password is not None:
        raise SignInFailed("the address names a user, which the broker's callback never does")
    parameters = _parameters(given.query)
    returned = _only(parameters, "state")
    # As bytes: compare_digest takes no other text than ASCII.
    if returned is None or not hmac.compare_digest(returned.encode(), state.encode()):
        raise SignInFailed(
            "the callback is of another attempt: its state is not the one that this sign-in began"
            " with; begin again and use the newest page"
        )
    code = _only(parameters, "code")
    if not code:
        raise SignInFailed(
            "the broker sent the browser back without a code: the consent was declined, or the"
            " application is not ready for this login; begin again and approve every account"
        )
    return Secret(code)


def _split(text: str) -> SplitResult:
    if len(text) <= _MAX_CHARS and text.isprintable() and " " not in text:
        try:
            split = urlsplit(text)
            # Reading the port is what checks it.
            _ = split.port
        except ValueError:
            pass
        else:
            if split.scheme and split.hostname:
                return split
    raise SignInFailed(
        "this is not an address: expected the whole of the one at which the browser ended,"
        " beginning with https://"
    )


def _place(url: SplitResult) -> tuple[str, str | None, int | None, str]:
    return url.scheme, url.hostname, url.port or _USUAL_PORTS.get(url.scheme), url.path or "/"


def _parameters(query: str) -> list[tuple[str, str]]:
    """Decode a query once; a plus stays a plus, as the codes are base64 text."""
    pairs = (part.partition("=") for part in query.split("&"))
    return [(unquote(name), unquote(value)) for name, _, value in pairs]


def _only(parameters: list[tuple[str, str]], name: str) -> str | None:
    """Return the value of a parameter that is there exactly once."""
    values = [value for found, value in parameters if found == name]
    return values[0] if len(values) == 1 else None
