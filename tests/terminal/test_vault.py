"""The vault in a real terminal: secrets are typed unseen, the passphrase is asked once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from swimdesk.telemetry.redaction import Secret
from tests.e2e.conftest import SetStage
from tests.e2e.stage import Stage
from tests.fakes.terminal import Terminal, a_terminal
from tests.fakes.vaults import PASSPHRASE, sealed_vault

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PROGRAM = (sys.executable, "-m", "swimdesk")
SMALL = ("--profile", "uniform", "--accounts", "6", "--logins", "2")
PASSWORD = "planted-secret-1"
ASKED = "passphrase of the vault of"
SEALED = '[vault]\nbackend = "encrypted-file"'


async def enter(terminal: Terminal, question: str, answer: str) -> None:
    await terminal.until(question)
    await terminal.type(answer)
    await terminal.press("Enter")


async def test_secret_and_new_passphrase_are_typed_unseen(tmp_path: Path) -> None:
    text = f'[broker]\nmode = "live"\n[[login]]\nname = "smith"\n{SEALED}\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    async with a_terminal() as terminal:
        command = [*PROGRAM, "--home", str(tmp_path), "vault", "set", "login/smith/password"]
        await terminal.start(command)
        await enter(terminal, "login/smith/password:", PASSWORD)
        await enter(terminal, "new passphrase for the vault of", PASSPHRASE)
        await enter(terminal, "the same again:", PASSPHRASE)
        assert await terminal.exit_code() == 0
        seen = await terminal.history()
        assert PASSWORD not in seen
        assert PASSPHRASE not in seen
        assert await terminal.is_clean()
    assert sealed_vault(tmp_path).get("login/smith/password") == Secret(PASSWORD)


async def test_passphrases_that_differ_make_no_vault(tmp_path: Path) -> None:
    text = f'[broker]\nmode = "live"\n{SEALED}\n'
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    async with a_terminal() as terminal:
        await terminal.start([*PROGRAM, "--home", str(tmp_path), "vault", "set", "app_key"])
        await enter(terminal, "app_key:", PASSWORD)
        await enter(terminal, "new passphrase for the vault of", PASSPHRASE)
        await enter(terminal, "the same again:", "something else")
        assert await terminal.exit_code() == 2
        assert "differ; nothing was written" in await terminal.pane()
    assert not (tmp_path / "vault.sealed").exists()


def seal_secrets(stage: Stage) -> None:
    """Let the application's key and secret be in an encrypted file, and nowhere else."""
    vault = sealed_vault(stage.home)
    for name in ("app_key", "app_secret"):
        file = stage.home / "secrets" / name
        vault.put(name, Secret(file.read_text()))
        file.unlink()
    config = stage.home / "config.toml"
    text = config.read_text().replace('"file:secrets/', '"keyring:swimdesk/')
    config.write_text(f"{text}\n{SEALED}\n")


async def test_console_asks_once_before_its_screen_opens(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    seal_secrets(stage)
    async with a_terminal() as terminal:
        await terminal.start([*PROGRAM, "--home", str(stage.home)])
        await enter(terminal, ASKED, PASSPHRASE)
        await terminal.until_all("PAPER", "acc 6")
        await terminal.press("q")
        assert await terminal.exit_code() == 0
        assert (await terminal.history()).count(ASKED) == 1
        assert await terminal.is_clean()


@pytest.mark.parametrize("command", [("positions",), ("--no-ui",), ()], ids=" ".join)
async def test_question_is_left_by_ctrl_c(set_stage: SetStage, command: tuple[str, ...]) -> None:
    stage = await set_stage(*SMALL)
    seal_secrets(stage)
    async with a_terminal() as terminal:
        await terminal.start([*PROGRAM, "--home", str(stage.home), *command])
        await terminal.until(ASKED)
        await terminal.press("C-c")
        assert await terminal.exit_code() == 130
        assert "Traceback" not in await terminal.history()
        assert await terminal.is_clean()


async def test_wrong_passphrase_starts_nothing(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    seal_secrets(stage)
    async with a_terminal() as terminal:
        await terminal.start([*PROGRAM, "--home", str(stage.home)])
        await enter(terminal, ASKED, "something else")
        assert await terminal.exit_code() == 2
        assert "the passphrase is not that of" in (await terminal.pane()).replace("\n", " ")


async def test_doctor_asks_once_and_says_that_the_passphrase_was_wrong(
    set_stage: SetStage,
) -> None:
    stage = await set_stage(*SMALL)
    seal_secrets(stage)
    async with a_terminal() as terminal:
        await terminal.start([*PROGRAM, "--home", str(stage.home), "doctor"])
        await enter(terminal, ASKED, "something else")
        assert await terminal.exit_code() == 2
        seen = await terminal.history()
        assert seen.count(ASKED) == 1
        assert "the passphrase is not" in seen


async def test_daemon_takes_the_passphrase_from_its_credential(set_stage: SetStage) -> None:
    stage = await set_stage(*SMALL)
    seal_secrets(stage)
    (stage.home / "credentials").mkdir(mode=0o700)
    file = stage.home / "credentials" / "vault-passphrase"
    file.write_text(PASSPHRASE)
    async with stage.daemon({"CREDENTIALS_DIRECTORY": str(file.parent)}):
        assert len((await stage.ask("accounts"))["accounts"]) == 6
