"""The vault of paper homes."""

from __future__ import annotations

from pathlib import Path

import pytest

from swimdesk.errors import StoreFull, VaultError
from swimdesk.login import vault_files
from swimdesk.login.vault_files import FilesVault
from swimdesk.telemetry.redaction import Secret


def test_files_and_folders_are_readable_by_nobody_else(tmp_path: Path) -> None:
    FilesVault(tmp_path).put("login/smith/totp", Secret("seed"))
    made = list((tmp_path / "secrets").rglob("*"))
    assert len(made) == 3
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    vault = FilesVault(tmp_path)
    vault.put("app_key", Secret("opensesame"))
    (tmp_path / "secrets" / "app_key").chmod(0o644)
    with pytest.raises(VaultError, match="chmod 600") as caught:
        vault.get("app_key")
    assert "opensesame" not in caught.value.detail


def test_secret_that_a_person_wrote_with_an_editor_ends_with_its_line(tmp_path: Path) -> None:
    vault = FilesVault(tmp_path)
    vault.put("app_key", Secret("opensesame\n"))
    assert vault.get("app_key") == Secret("opensesame")


def test_full_disk_keeps_the_earlier_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = FilesVault(tmp_path)
    vault.put("app_key", Secret("first"))

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(vault_files, "write_whole", full)
        with pytest.raises(StoreFull, match="No space left"):
            vault.put("app_key", Secret("second"))
    assert vault.get("app_key") == Secret("first")
