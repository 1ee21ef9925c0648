"""The simulated brokerage's own certificate authority: made at start, trusted by nobody else."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from swimdesk.errors import ConfigError
from swimdesk.sim.files import private_folder, write_private

VALIDITY: Final = timedelta(days=7)
RENEW_WITHIN: Final = timedelta(days=1)
CLOCK_TOLERANCE: Final = timedelta(minutes=5)
LOOPBACK_NAMES: Final = x509.SubjectAlternativeName(
    (
        x509.IPAddress(IPv4Address("127.0.0.1")),
        x509.IPAddress(IPv6Address("::1")),
        x509.DNSName("localhost"),
    )
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority on disk: ``ca_file`` is what clients trust."""

    ca_file: Path
    certificate: x509.Certificate = field(repr=False)
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A server's certificate and its private key, as PEM files."""

    certificate_file: Path
    key_file: Path

    def ssl_context(self) -> ssl.SSLContext:
        """Return a server context that presents this certificate."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate_file, self.key_file)
        return context


def make_authority(folder: Path, now: datetime) -> Authority:
    """Return the authority kept in ``folder``, or a new one where none is or its end is near."""
    private_folder(folder)
    kept = _load_authority(folder)
    if kept is not None and kept.certificate.not_valid_after_utc - now > RENEW_WITHIN:
        return kept
    key = ec.generate_private_key(ec.SECP256R1())
    name = _common_name("Simulated brokerage CA (trust on this machine only)")
    certificate = (
        _builder(name, name, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    write_private(_ca_key_file(folder), _private_pem(key))
    write_private(_ca_file(folder), certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(_ca_file(folder), certificate, key)


def issue(authority: Authority, folder: Path, now: datetime) -> ServerCertificate:
    """Sign a certificate for this machine's loopback names and write it into ``folder``."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer_key = x509.SubjectKeyIdentifier.from_public_key(authority.key.public_key())
    certificate = (
        _builder(_common_name("127.0.0.1"), authority.certificate.subject, key.public_key(), now)
        .add_extension(LOOPBACK_NAMES, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage((ExtendedKeyUsageOID.SERVER_AUTH,)), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    files = ServerCertificate(folder / "server.pem", folder / "server.key")
    write_private(files.key_file, _private_pem(key))
    write_private(files.certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return files


def _ca_file(folder: Path) -> Path:
    return folder / "ca.pem"


def _ca_key_file(folder: Path) -> Path:
    return folder / "ca.key"


def _load_authority(folder: Path) -> Authority | None:
    try:
        certificate = x509.load_pem_x509_certificate(_ca_file(folder).read_bytes())
        key = serialization.load_pem_private_key(_ca_key_file(folder).read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the certificate authority kept in {folder} cannot be read ({error}); "
            "remove ca.pem and ca.key there to have a new one made"
        ) from error
    matches = isinstance(key, ec.EllipticCurvePrivateKey) and (
        key.public_key() == certificate.public_key()
    )
    if not matches or not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ConfigError(
            f"ca.key in {folder} does not belong to ca.pem there; "
            "remove both to have a new authority made"
        )
    return Authority(_ca_file(folder), certificate, key)


def _common_name(text: str) -> x509.Name:
    return x509.Name((x509.NameAttribute(NameOID.COMMON_NAME, text),))


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_TOLERANCE)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
