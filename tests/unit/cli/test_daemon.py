"""The daemon's word to the service manager."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from swimdesk.cli.daemon import notify_manager


@pytest.mark.parametrize("is_abstract", [False, True], ids=["path", "abstract"])
def test_service_manager_is_told_where_it_asks_to_be(
    is_abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{path}" if is_abstract else path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{path}" if is_abstract else path)
        notify_manager("READY=1")
        assert manager.recv(100, socket.MSG_DONTWAIT) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "relative", "/nobody/listens"])
def test_nobody_to_tell_is_no_trouble(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify_manager("READY=1")
