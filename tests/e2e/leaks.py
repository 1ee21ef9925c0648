"""Look for secrets where none may be: outputs, logs, journal, crash reports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEEPERS = ("tokens", "secrets")
"""The folders of a home whose purpose is to keep secrets."""

TOKENS = frozenset({"access_token", "refresh_token", "id_token"})

HASH = re.compile(rb"(?<![0-9A-Fa-f])[0-9A-F]{64}(?![0-9A-Fa-f])")
"""An account's hash; digests of ours are in small letters."""


def secrets_of(description: Mapping[str, Any], home: Path) -> dict[str, bytes]:
    """Name every secret that the brokerage handed out and that the home keeps by now."""
    found = {name: description[name] for name in ("client_id", "client_secret", "control_token")}
    for login in description["logins"]:
        for name in ("password", "totp_secret", "refresh_token"):
            found[f"{name} of {login['name']}"] = login[name]
        for number in login["accounts"]:
            found[f"account number …{number[-4:]}"] = number
    for file in sorted((home / "tokens").glob("*.json")):
        token = json.loads(file.read_text())["token"]
        for name in TOKENS & token.keys():
            found[f"{name} in {file.name}"] = token[name]
    return {name: text.encode() for name, text in found.items()}


def leaks_in(folder: Path, secrets: Mapping[str, bytes]) -> Iterator[str]:
    """Search every file below, as bytes; a database or its log is no hiding place."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or file.relative_to(folder).parts[0] in KEEPERS:
            continue
        content = file.read_bytes()
        if HASH.search(content):
            yield f"{file.relative_to(folder)} holds the hash of an account"
        for name, secret in secrets.items():
            if secret in content:
                yield f"{file.relative_to(folder)} holds the {name}"
