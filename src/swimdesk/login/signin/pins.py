"""The one key that a browser of a paper home trusts beside the system's roots."""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from swimdesk.errors import BrokerUnreachable, ConfigError
from swimdesk.login.signin.chromium import is_loopback

_USUAL_PORT: Final = 443
_CONNECT_S: Final = 10.0


def pin_of(api_url: str, trust: ssl.SSLContext) -> str:
    """Return the digest of the key of a server on this machine, once its certificate is verified.

    Chromium takes a pinned key for known wherever a chain shows it, without following signatures:
    so it is the server's own key that is pinned, which it has to own, and not the root's. Blocks;
    BrokerUnreachable, ConfigError where the server is elsewhere.
    """
    parts = urlsplit(api_url)
    host = parts.hostname or ""
    if not is_loopback(host):
        raise ConfigError("[broker] ca_file: a root of its own is for a broker on this machine")
    try:
        with (
            socket.create_connection((host, parts.port or _USUAL_PORT), _CONNECT_S) as plain,
            trust.wrap_socket(plain, server_hostname=host) as connection,
        ):
            shown = connection.getpeercert(binary_form=True) or b""
    except OSError as error:
        # The certificate's own trouble has no number.
        why = getattr(error, "verify_message", "") or error.strerror or type(error).__name__
        raise BrokerUnreachable(f"the sign-in at {parts.netloc} cannot be reached: {why}") from None
    key = x509.load_der_x509_certificate(shown).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()
