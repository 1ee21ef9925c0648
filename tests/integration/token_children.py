"""A process that keeps the tokens of a home beside others: one use per line that it reads."""

from __future__ import annotations

import asyncio
import hashlib
import json
import ssl
import sys
from datetime import timedelta
from pathlib import Path

import httpx
from tests.fakes.tokens import CALLBACK, SIGNED_IN

from swimdesk.errors import SwimdeskError
from swimdesk.login.token_files import TokenFiles
from swimdesk.login.tokens import TokenKeeper
from swimdesk.telemetry.redaction import Secret


def mark_of(token: str) -> str:
    """Return what tells tokens apart without showing them."""
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def keep(home: Path, url: str, ca_file: str) -> None:
    """Read an offset in seconds from the sign-in, use the login then, say the token's mark."""
    key, secret = json.loads(sys.stdin.readline())
    moment = SIGNED_IN
    trust = ssl.create_default_context(cafile=ca_file)
    async with httpx.AsyncClient(verify=trust, trust_env=False) as http:
        keeper = TokenKeeper(
            ["smith"],
            TokenFiles(home, "paper"),
            http,
            api_url=url,
            app_key=Secret(key),
            app_secret=Secret(secret),
            callback_url=CALLBACK,
            locks=home / "run",
            now=lambda: moment,
        )
        say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            moment = SIGNED_IN + timedelta(seconds=float(line))
            try:
                token = await keeper.access_token("smith", min_life_s=300)
            except SwimdeskError as error:
                say(f"lost: {error.detail}")
            else:
                say(mark_of(token.reveal()))


if __name__ == "__main__":
    asyncio.run(keep(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
