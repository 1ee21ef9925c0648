"""The vault: what is kept there, put there by hand, dropped, tried out and moved elsewhere."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

import click

from swimdesk.cli.endings import Interrupted
from swimdesk.cli.invocation import Invocation, pass_invocation
from swimdesk.cli.options import json_option
from swimdesk.errors import InputError
from swimdesk.telemetry.redaction import Secret

if TYPE_CHECKING:
    from swimdesk.cli.output import Output
    from swimdesk.views.vaulting import VaultItemView

FIELDS: Final = ("item", "is_there")
BACKENDS: Final = ("secret-service", "encrypted-file", "credentials", "files")

_LONGEST_LINE: Final = 8_192
_STOPPED: Final = (
    "Stopped; nothing is lost. Give the same command again before config.toml is changed: it"
    " finishes what was begun"
)


@click.group()
def vault() -> None:
    """Keep passwords, seeds and sign-ins of logins.

    They are where [vault] in config.toml says, and `swimdesk doctor` tells where that is.

    Items are login/NAME/user, login/NAME/password and login/NAME/totp for each login, and names of
    your own, such as app_key, that a keyring: reference names. Sign-ins (login/NAME/grant) and the
    key of the token cache (cache/key) come by themselves.

    A TOTP seed beside its password gives the second factor up: whoever opens the vault can sign in
    alone, from anywhere, and the broker sees nothing unusual. Without a seed a person enters the
    code at each sign-in, once a week. With `totp_backend` seeds are kept in another vault, so that
    one that is opened is not enough.
    """


@vault.command("set")
@click.argument("item")
@json_option
@pass_invocation
def set_item(invocation: Invocation, item: str) -> None:
    """Keep a secret: typed without echo, or one line from stdin where that is no terminal."""
    from swimdesk.bootstrap.vaulting import check_vault_item, set_vault_item
    from swimdesk.views.vaulting import VaultItemView

    check_vault_item(invocation.home, invocation.config, item)
    said = set_vault_item(invocation.home, invocation.config, item, _given(item))
    output = invocation.output
    if said:
        output.note(f"note: {said}")
    view = VaultItemView(item, is_there=True)
    _told(output, view)


@vault.command("list")
@json_option
@pass_invocation
def list_items(invocation: Invocation) -> None:
    """List the items by name, and which are there; never what they are."""
    from swimdesk.bootstrap.vaulting import vault_items

    views = vault_items(invocation.home, invocation.config)
    output = invocation.output
    if output.as_json:
        from swimdesk.views.codec import to_json

        output.document({"items": to_json(views)})
        return
    output.table(FIELDS, views)


@vault.command("test")
@json_option
@pass_invocation
def probe(invocation: Invocation) -> None:
    """Write an item, read it back, compare and remove it."""
    from swimdesk.bootstrap.vaulting import probe_vault

    view = probe_vault(invocation.home, invocation.config)
    output = invocation.output
    if output.as_json:
        _document(output, view)
        return
    output.facts({"backend": view.backend, "found": view.found})


@vault.command("move")
@click.option(
    "--to",
    "backend",
    required=True,
    type=click.Choice(BACKENDS),
    help="Where everything goes; then name it in config.toml.",
)
@json_option
@pass_invocation
def move(invocation: Invocation, backend: str) -> None:
    """Move all items to another vault: copied, compared, and only then removed here.

    Only while no desk runs on this home. Where it fails, what was copied is taken back or named,
    and the same command again finishes what was begun.
    """
    from swimdesk.bootstrap.vault_moves import move_vault

    try:
        with _alone(invocation, "moved"):
            view = move_vault(invocation.home, invocation.config, backend)
    except KeyboardInterrupt:
        raise Interrupted(signal.SIGINT, _STOPPED) from None
    output = invocation.output
    if output.as_json:
        _document(output, view)
        return
    output.facts({"from": view.source, "to": view.target, "items": len(view.items)})
    output.note(f"note: {view.next}")


@vault.command("passphrase")
@json_option
@pass_invocation
def passphrase(invocation: Invocation) -> None:
    """Give the encrypted file another passphrase: typed twice without echo, or a line from stdin.

    Only while no desk runs on this home. The passphrase it has is asked first, or comes from the
    credential vault-passphrase. The file stays as it was until the new one has been read back.
    """
    from swimdesk.bootstrap.vaulting import change_vault_passphrase

    with _alone(invocation, "changed"):
        view = change_vault_passphrase(
            invocation.home, invocation.config, lambda: _new_passphrase(invocation)
        )
    output = invocation.output
    if output.as_json:
        _document(output, view)
        return
    output.facts({"backend": view.backend, "items": view.items})
    output.note(f"note: {view.next}")


@vault.command("drop")
@click.argument("item")
@click.option("--yes", is_flag=True, help="Drop it; without it the item's name is to be typed.")
@json_option
@pass_invocation
def drop(invocation: Invocation, item: str, *, yes: bool) -> None:
    """Forget a secret for good.

    Sign-ins and the key of the token cache only while no desk runs on this home, for it would keep
    them again.
    """
    from swimdesk.bootstrap.vaulting import is_kept_by_a_desk
    from swimdesk.views.vaulting import VaultItemView

    with _alone(invocation, "dropped") if is_kept_by_a_desk(item) else nullcontext():
        said = _dropped(invocation, item, is_agreed=yes)
    output = invocation.output
    if said and yes:
        output.note(f"note: {said}")
    view = VaultItemView(item, is_there=False)
    _told(output, view)


def _told(output: Output, view: VaultItemView) -> None:
    """Tell how an item stands after what was asked for."""
    if output.as_json:
        _document(output, view)
        return
    output.facts({"item": view.item, "is_there": view.is_there})


def _dropped(invocation: Invocation, item: str, *, is_agreed: bool) -> str:
    """Drop it if that is agreed to; return what it means, which a person is told before."""
    from swimdesk.bootstrap.vaulting import drop_vault_item, look_up_for_dropping

    said = look_up_for_dropping(invocation.home, invocation.config, item)
    if not is_agreed:
        _agree(invocation.output, item, said)
    drop_vault_item(invocation.home, invocation.config, item)
    return said


def _agree(output: Output, item: str, said: str) -> None:
    """Let a person type the name; InputError where it is another, or nobody can be asked."""
    if not sys.stdin.isatty():
        raise InputError(f"{item} was not dropped: add --yes to do this")
    if said:
        output.note(f"note: {said}")
    typed: str = click.prompt(f"Type {item} to drop it for good", err=True)
    if typed.strip() != item:
        raise InputError(f"{item} was not dropped: something else was typed")


@contextmanager
def _alone(invocation: Invocation, done: str) -> Iterator[None]:
    """Have the home to oneself while inside; HomeHeld where a desk runs on it."""
    from swimdesk.bootstrap import check_home
    from swimdesk.cli.session import held_by
    from swimdesk.control.ownership import HomeLock

    # Before the lock, which would make a folder there.
    check_home(invocation.home, done)
    with HomeLock(invocation.home) as lock:
        if not lock.try_acquire():
            raise held_by(invocation.home, "keeps its sign-ins in the vault; stop it first")
        yield


def _new_passphrase(invocation: Invocation) -> Secret:
    from swimdesk.bootstrap.vaults import typed_twice

    return typed_twice(invocation.home) if sys.stdin.isatty() else _given("the new passphrase")


def _given(item: str) -> Secret:
    """Return what a person types, or a program pipes; never an argument, which others can see."""
    from swimdesk.bootstrap.terminal import ask_secret

    if sys.stdin.isatty():
        return ask_secret(item)
    try:
        line = sys.stdin.readline(_LONGEST_LINE)
    except UnicodeDecodeError:
        raise InputError(f"what stdin gave for {item} is not text") from None
    if not line.strip() or len(line) == _LONGEST_LINE:
        raise InputError(
            f"stdin gave no line for {item}: expected the secret, up to {_LONGEST_LINE} characters"
        )
    _check_text(line, item)
    return Secret(line.rstrip("\r\n"))


def _check_text(line: str, item: str) -> None:
    """Refuse what a system without a language let through: bytes that are no characters."""
    try:
        line.encode()
    except UnicodeEncodeError:
        raise InputError(f"what stdin gave for {item} is not text in UTF-8") from None


def _document(output: Output, view: object) -> None:
    from swimdesk.views.codec import to_json

    output.document(to_json(view))
