from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from swimdesk.errors import ConfigError
from swimdesk.sim.tls import issue, make_authority

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_certificate_names_loopback_only_and_is_signed_by_the_authority(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, NOW)
    files = issue(authority, tmp_path, NOW)
    certificate = x509.load_pem_x509_certificate(files.certificate_file.read_bytes())
    certificate.verify_directly_issued_by(authority.certificate)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["127.0.0.1", "::1", "localhost"]
    assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc
    assert certificate.not_valid_after_utc - NOW <= timedelta(days=7)


def test_private_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    files = issue(make_authority(folder, NOW), folder, NOW)
    assert mode(folder) == 0o700
    assert mode(files.key_file) == 0o600
    assert mode(folder / "ca.key") == 0o600
    assert "PRIVATE" in files.key_file.read_text()


def test_kept_authority_is_reused_until_its_end_is_near(tmp_path: Path) -> None:
    first = make_authority(tmp_path, NOW)
    assert make_authority(tmp_path, NOW + timedelta(days=5)).certificate == first.certificate
    renewed = make_authority(tmp_path, NOW + timedelta(days=6, hours=1))
    assert renewed.certificate != first.certificate
    assert x509.load_pem_x509_certificate(renewed.ca_file.read_bytes()) == renewed.certificate


def test_damaged_authority_is_an_error_that_names_the_folder(tmp_path: Path) -> None:
    make_authority(tmp_path, NOW)
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigError, match=str(tmp_path)):
        make_authority(tmp_path, NOW)


def test_key_of_another_authority_is_refused(tmp_path: Path) -> None:
    make_authority(tmp_path / "one", NOW)
    make_authority(tmp_path / "two", NOW)
    (tmp_path / "one" / "ca.key").write_bytes((tmp_path / "two" / "ca.key").read_bytes())
    with pytest.raises(ConfigError, match="does not belong"):
        make_authority(tmp_path / "one", NOW)


def test_keys_do_not_show_in_repr(tmp_path: Path) -> None:
    authority = make_authority(tmp_path, NOW)
    assert repr(authority) == f"Authority(ca_file={authority.ca_file!r})"


def test_server_context_presents_the_certificate(tmp_path: Path) -> None:
    context = issue(make_authority(tmp_path, NOW), tmp_path, NOW).ssl_context()
    assert isinstance(context, ssl.SSLContext)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
