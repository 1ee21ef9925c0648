"""Who is asked, and who is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swimdesk.bootstrap import terminal
from swimdesk.bootstrap.terminal import ask_secret, has_terminal, taken
from swimdesk.bootstrap.vaults import passphrase_of
from swimdesk.errors import InputError, VaultError


@pytest.fixture
def _on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_TERMINAL", os.devnull)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)


@pytest.mark.usefixtures("_on_a_terminal")
def test_nobody_is_asked_while_a_screen_has_the_terminal(tmp_path: Path) -> None:
    assert has_terminal()
    with taken():
        assert not has_terminal()
        with pytest.raises(InputError, match="no terminal to ask on"):
            ask_secret("password")
        with pytest.raises(VaultError, match="nobody can be asked for its passphrase here"):
            passphrase_of(tmp_path)(False)
    assert has_terminal()


@pytest.mark.usefixtures("_on_a_terminal")
@pytest.mark.parametrize("typed", ["", None], ids=["enter", "end"])
def test_nothing_typed_is_no_secret(typed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(prompt: str) -> str:
        if typed is None:
            raise EOFError
        return typed

    monkeypatch.setattr("getpass.getpass", answer)
    with pytest.raises(InputError, match="nothing was typed"):
        ask_secret("password")


@pytest.mark.usefixtures("_on_a_terminal")
def test_what_is_typed_in_another_encoding_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(prompt: str) -> str:
        return b"p\xe4ss".decode()

    monkeypatch.setattr("getpass.getpass", answer)
    with pytest.raises(InputError, match="not text in UTF-8") as caught:
        ask_secret("password")
    assert caught.value.__suppress_context__
    assert "e4" not in caught.value.detail


def test_empty_credential_is_told_as_such(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vault-passphrase").touch()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(VaultError, match="the credential vault-passphrase is empty"):
        passphrase_of(tmp_path)(False)


def test_no_terminal_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(terminal, "_TERMINAL", str(tmp_path / "none"))
    assert not has_terminal()
