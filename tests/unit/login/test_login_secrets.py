"""Secrets by reference."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import chainer, fail, null

from swimdesk.errors import ConfigError
from swimdesk.login.secrets import resolve
from swimdesk.login.vault import Vault
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret

REFERENCE = "keyring:swimdesk/app_key"


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets everything with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


class PlaintextKeyring(MemoryKeyring):
    """A keyring whose name says what is wrong with it."""


class BrokenKeyring(MemoryKeyring):
    """A keyring that fails, and says the secret as it does."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError("opensesame")


class SilentKeyring(MemoryKeyring):
    """A keyring that waits for a prompt which nobody sees."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.let_go.wait(30)
        return "too late"


@pytest.fixture
def _keyring_restored() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def complaint(reference: str, home: Path, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(reference, home, environ=environ or {}, keyring_timeout_s=5)
    return caught.value.detail


@pytest.mark.usefixtures("_keyring_restored")
def test_keyring_gives_the_secret(tmp_path: Path) -> None:
    backend = MemoryKeyring()
    backend.set_password("swimdesk", "app_key", "opensesame")
    keyring.set_keyring(backend)
    assert resolve(REFERENCE, tmp_path).reveal() == "opensesame"


@pytest.mark.usefixtures("_keyring_restored")
def test_secret_missing_from_the_keyring_says_how_to_put_it_there(tmp_path: Path) -> None:
    keyring.set_keyring(MemoryKeyring())
    assert "keyring set swimdesk app_key" in complaint(REFERENCE, tmp_path)


@pytest.mark.usefixtures("_keyring_restored")
@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        (fail.Keyring, "no keyring that swimdesk can use"),
        (null.Keyring, "keeps nothing"),
        (chainer.ChainerBackend, "several keyrings"),
        (PlaintextKeyring, "plain text"),
    ],
)
def test_keyring_that_protects_nothing_is_refused_with_advice(
    tmp_path: Path, backend: Callable[[], KeyringBackend], reason: str
) -> None:
    keyring.set_keyring(backend())
    detail = complaint(REFERENCE, tmp_path)
    assert reason in detail
    assert "PYTHON_KEYRING_BACKEND" in detail


@pytest.mark.usefixtures("_keyring_restored")
def test_failing_keyring_is_told_without_its_words(tmp_path: Path) -> None:
    keyring.set_keyring(BrokenKeyring())
    detail = complaint(REFERENCE, tmp_path)
    assert "RuntimeError" in detail
    assert "opensesame" not in detail


@pytest.mark.usefixtures("_keyring_restored")
def test_silent_keyring_is_given_up(tmp_path: Path) -> None:
    backend = SilentKeyring()
    keyring.set_keyring(backend)
    with pytest.raises(ConfigError, match="did not answer"):
        resolve(REFERENCE, tmp_path, keyring_timeout_s=0.01)
    backend.let_go.set()


@pytest.mark.parametrize("reference", ["keyring:swimdesk", "keyring:/name", "keyring:service/"])
def test_half_a_keyring_reference_is_refused(tmp_path: Path, reference: str) -> None:
    assert "must be keyring:service/name" in complaint(reference, tmp_path)


def test_credential_comes_from_the_folder_that_systemd_names(tmp_path: Path) -> None:
    (tmp_path / "app_key").write_text("opensesame\n", encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert (
        resolve("credential:app_key", tmp_path / "home", environ=environ).reveal() == "opensesame"
    )


def test_credential_outside_systemd_says_so(tmp_path: Path) -> None:
    assert "LoadCredential=app_key" in complaint("credential:app_key", tmp_path)


@pytest.mark.parametrize("name", ["../app_key", "/etc/passwd", "..", ""])
def test_credential_stays_inside_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "app_key").write_text("opensesame", encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "creds")}
    assert "does not name a credential" in complaint(f"credential:{name}", tmp_path, environ)


def private_file(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)
    return path


def test_private_file_is_read_relative_to_the_home(tmp_path: Path) -> None:
    private_file(tmp_path / "app_key", "opensesame\n")
    assert resolve("file:app_key", tmp_path).reveal() == "opensesame"
    assert resolve(f"file:{tmp_path}/app_key", tmp_path / "home").reveal() == "opensesame"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_file_that_others_can_open_is_refused_with_the_command(tmp_path: Path, mode: int) -> None:
    path = private_file(tmp_path / "app_key", "opensesame", mode)
    detail = complaint("file:app_key", tmp_path)
    assert f"chmod 600 {path}" in detail
    assert "opensesame" not in detail


@pytest.mark.parametrize(
    ("content", "expected"),
    [("", "is empty"), ("\n", "is empty"), (b"\xff\xfe", "is not text")],
)
def test_useless_file_is_told(tmp_path: Path, content: str | bytes, expected: str) -> None:
    private_file(tmp_path / "app_key", content)
    assert expected in complaint("file:app_key", tmp_path)


def test_missing_file_is_told(tmp_path: Path) -> None:
    assert complaint("file:none", tmp_path) == (
        "the secret file:none cannot be read: No such file or directory"
    )


def test_secret_in_the_place_of_a_reference_is_not_shown(tmp_path: Path) -> None:
    detail = complaint("TheSecretItself", tmp_path)
    assert "TheSecretItself" not in detail
    assert "keyring:service/name" in detail


# --- through the vault that a configuration names


def test_keyring_reference_is_an_item_of_the_chosen_vault(tmp_path: Path) -> None:
    vault = FilesVault(tmp_path)
    vault.put("app_key", Secret("opensesame"))
    asked: list[str] = []

    def vault_at(service: str) -> Vault:
        asked.append(service)
        return vault

    assert resolve(REFERENCE, tmp_path, vault_at=vault_at) == Secret("opensesame")
    assert asked == ["swimdesk"]


def test_item_missing_from_the_chosen_vault_says_how_to_put_it_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `swimdesk vault set app_key`"):
        resolve(REFERENCE, tmp_path, vault_at=lambda _: FilesVault(tmp_path))


def test_other_references_do_not_ask_the_vault(tmp_path: Path) -> None:
    def vault_at(service: str) -> Vault:
        raise AssertionError(service)

    private_file(tmp_path / "key", "opensesame")
    assert resolve("file:key", tmp_path, vault_at=vault_at) == Secret("opensesame")
