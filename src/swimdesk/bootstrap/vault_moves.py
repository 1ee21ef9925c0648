"""From one vault of a home to another: nothing is lost, nothing is left without being said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from swimdesk.bootstrap.vaults import PASSPHRASE, backend_of, references_of
from swimdesk.config import load_settings
from swimdesk.errors import InputError, SwimdeskError, VaultError
from swimdesk.telemetry.redaction import Secret
from swimdesk.views.vaulting import VaultMoveView

if TYPE_CHECKING:
    from swimdesk.login.vault import Vault


def move_vault(home: Path, config: Path | None, backend: str) -> VaultMoveView:
    """Copy all items to another backend, compare each, then drop the old ones; VaultError.

    The caller holds the home's lock: a running desk would go on keeping its sign-ins in the old
    vault. Seeds that ``totp_backend`` keeps apart stay there, and so do files that the
    configuration names by their path.
    """
    settings = load_settings(home, config)
    # The name for "files" may be left out of the configuration.
    chosen = settings.vault.backend or "files"
    if backend == chosen:
        raise InputError(f"the vault is {backend} already; nothing was moved")
    source = backend_of(settings, home, chosen)
    target = backend_of(settings, home, backend)
    if target.is_read_only:
        raise VaultError(
            f"{backend} are not written from here: root makes each with `systemd-creds encrypt`"
            " (docs/vault.md); nothing was moved"
        )
    stay = {one.removeprefix("file:secrets/") for one in references_of(settings)}
    if source.is_read_only:
        stay.add(PASSPHRASE)
    items = tuple(one for one in source.items() if one not in stay)
    _copy(source, target, items)
    _empty(source, target, items)
    return VaultMoveView(source.name, target.name, items, _left_to_do(source, backend))


def _copy(source: Vault, target: Vault, items: tuple[str, ...]) -> None:
    """Copy, then compare in a second pass; else take back what was copied; VaultError, StoreFull.

    The source is as it was then.
    """
    before: dict[str, Secret | None] = {}
    try:
        for item in items:
            secret = source.get(item)
            if secret is not None:
                before[item] = target.get(item)
                target.put(item, secret)
        differing = [item for item in items if target.get(item) != source.get(item)]
        if differing:
            raise VaultError(f"{target.name} gave back something else for {', '.join(differing)}")
    except SwimdeskError as error:
        raise type(error)(
            f"{error.detail}: nothing was removed, {source.name} still has everything"
            f"{_taken_back(target, before)}"
        ) from None
    except KeyboardInterrupt:
        _taken_back(target, before)
        raise


def _taken_back(target: Vault, before: Mapping[str, Secret | None]) -> str:
    """Put the target back as it was; return what is to be said of what could not be."""
    left: list[str] = []
    for item, secret in before.items():
        try:
            _put_back(target, item, secret)
        except SwimdeskError:
            left.append(item)
    if not left:
        return ""
    return f"; copies of {', '.join(left)} are left in {target.name}, for it cannot be written"


def _put_back(target: Vault, item: str, secret: Secret | None) -> None:
    if secret is None:
        target.drop(item)
    elif target.get(item) != secret:
        target.put(item, secret)


def _empty(source: Vault, target: Vault, items: tuple[str, ...]) -> None:
    """Drop what has been copied; an error says that a second run finishes it."""
    if source.is_read_only:
        return
    for done, item in enumerate(items):
        try:
            source.drop(item)
        except SwimdeskError as error:
            raise type(error)(
                f"{error.detail}. All {len(items)} items are in {target.name} now, but"
                f" {source.name} still has {', '.join(items[done:])}: mend that and give the same"
                " command again, before anything else"
            ) from None


def _left_to_do(source: Vault, backend: str) -> str:
    from swimdesk.login.vaults import encrypted_file_of

    said = f'set backend = "{backend}" under [vault] in config.toml: until then nothing is found'
    if source.is_read_only:
        return f"{said}; {source.name} still has everything, for only root removes it there"
    if encrypted_file_of(source) is not None:
        return f"{said}; {source.name} is empty now and may be deleted"
    return said
