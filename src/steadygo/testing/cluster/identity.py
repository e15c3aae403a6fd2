"""Who belongs to a cluster: one certificate authority, a certificate for each role, and the key that signs assignments.

A role's folder holds all that its machine needs: ca.pem, cert.pem, key.pem; for the client signing-key.pem, for a worker signing-key.pub.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from steadygo.errors import UserError

CA, CERTIFICATE, KEY, SIGNING, SIGNED_BY = "ca.pem", "cert.pem", "key.pem", "signing-key.pem", "signing-key.pub"

_BACKDATED = datetime.timedelta(hours=1)  # a machine whose clock is a little behind can use a certificate that is new
_CA_LIFETIME = datetime.timedelta(days=3 * 365)
_LIFETIME = datetime.timedelta(days=365)
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?")
_AGAIN = "Make new ones with `steadygo cluster keys NEW-DIR` and give them to every machine of the cluster."


class Role(StrEnum):
    """What a machine is in a cluster; the name of its folder too."""

    SCHEDULER = "scheduler"
    WORKER = "worker"
    CLIENT = "client"


@dataclass(frozen=True)
class Identity:
    """The checked files of one role. `expires` is the earlier end of its certificate and of the authority's, UTC."""

    role: Role
    directory: Path
    expires: datetime.datetime

    @property
    def ca(self) -> Path:
        return self.directory / CA

    @property
    def certificate(self) -> Path:
        return self.directory / CERTIFICATE

    @property
    def key(self) -> Path:
        return self.directory / KEY

    def signing_key(self) -> Ed25519PrivateKey:
        """The client's key that signs assignments. Raises UserError."""
        return load_signing_key(self.directory / SIGNING)

    def signed_by(self) -> Ed25519PublicKey:
        """The key that a worker checks assignments with. Raises UserError."""
        return load_signed_by(self.directory / SIGNED_BY)


def create(directory: Path, hosts: Sequence[str], now: datetime.datetime) -> list[Path]:
    """Write the keys of a new cluster; returns its files. `hosts` are names and addresses of its machines, loopback is always among them.

    The folder appears whole or not at all. Raises UserError when it is there already and not empty, or a host is none.
    """
    names = [_general_name(host) for host in dict.fromkeys([*hosts, *_LOOPBACK])]
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UserError(f"{directory} is there already; keys are never overwritten.", "Name another directory, or move this one away.")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
        try:
            _write_all(scratch, names, now)
            scratch.rename(directory)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{directory} cannot be written: {error.strerror}.", "Name a directory that you can write to.") from None
    return sorted(p for p in directory.rglob("*") if p.is_file())


def _write_all(directory: Path, names: Sequence[x509.GeneralName], now: datetime.datetime) -> None:
    ca_key, signing = ec.generate_private_key(ec.SECP256R1()), Ed25519PrivateKey.generate()
    issuer = _subject(f"steadygo cluster {os.urandom(4).hex()}")
    ca = _authority(issuer, ca_key, now)
    _write(directory / "ca-key.pem", _private(ca_key), 0o600)
    _write(directory / CA, ca.public_bytes(Encoding.PEM), 0o644)
    for role in Role:
        place = directory / role
        place.mkdir(mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _certificate(role, issuer, key.public_key(), ca_key, names, now)
        _write(place / CA, ca.public_bytes(Encoding.PEM), 0o644)
        _write(place / CERTIFICATE, certificate.public_bytes(Encoding.PEM), 0o644)
        _write(place / KEY, _private(key), 0o600)
    _write(directory / Role.CLIENT / SIGNING, _private(signing), 0o600)
    public = signing.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write(directory / Role.WORKER / SIGNED_BY, public, 0o644)


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _certificate(
    role: Role,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    ca_key: ec.EllipticCurvePrivateKey,
    names: Sequence[x509.GeneralName],
    now: datetime.datetime,
) -> x509.Certificate:
    # Scheduler and workers call each other; a client is only ever the one that calls.
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH] if role is Role.CLIENT else [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_subject(f"steadygo {role}"))
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
    )
    if role is not Role.CLIENT:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _NAME.fullmatch(host) or len(host) > 253:
            raise UserError(f"{host!r} is neither a host's name nor an address.", "Give --host worker-1 or --host 10.0.0.7.") from None
        return x509.DNSName(host.rstrip("."))


def _private(key: ec.EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, mode)
        file.write(data)


def load(directory: Path, role: Role, now: datetime.datetime) -> Identity:
    """The files of `role`, checked: they are there, belong together, are valid at `now`, and nobody else can read the keys.

    `directory` is the role's folder, or the one that `create` wrote. Raises UserError with one sentence.
    """
    if (directory / role).is_dir():
        directory = directory / role
    ca = _load_certificate(directory / CA)
    certificate = _load_certificate(directory / CERTIFICATE)
    key = _load_private(directory / KEY)
    if key.public_key() != certificate.public_key():
        raise UserError(f"{directory / KEY} does not belong to {directory / CERTIFICATE}.", "Copy the whole folder of the role again.")
    try:
        certificate.verify_directly_issued_by(ca)
    except (ValueError, TypeError, InvalidSignature):
        raise UserError(
            f"{directory / CERTIFICATE} was issued by another authority than {CA} beside it.", "Do not mix two clusters."
        ) from None
    if certificate.subject != _subject(f"steadygo {role}"):
        raise UserError(f"{directory / CERTIFICATE} is not for a {role}.", f"Name the folder `{role}` that `steadygo cluster keys` wrote.")
    for path, one in ((directory / CERTIFICATE, certificate), (directory / CA, ca)):
        _valid(path, one, now)
    found = Identity(role, directory, min(certificate.not_valid_after_utc, ca.not_valid_after_utc))
    if role is Role.CLIENT:
        found.signing_key()
    if role is Role.WORKER:
        found.signed_by()
    return found


def _valid(path: Path, certificate: x509.Certificate, now: datetime.datetime) -> None:
    if now > certificate.not_valid_after_utc:
        raise UserError(f"{path} expired on {_day(certificate.not_valid_after_utc)}; here it is {_day(now)}.", _AGAIN)
    if now < certificate.not_valid_before_utc:
        raise UserError(
            f"{path} is valid from {_day(certificate.not_valid_before_utc)}, and this machine's clock says {_day(now)}.",
            "Set the clock, or wait.",
        )


def _day(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """The private key that signs assignments. Raises UserError."""
    key = _load_private(path)
    if not isinstance(key, Ed25519PrivateKey):
        raise UserError(f"{path} is no Ed25519 key.", _AGAIN)
    return key


def load_signed_by(path: Path) -> Ed25519PublicKey:
    """The public key that assignments are checked with. Raises UserError."""
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UserError(f"{path} is no PEM public key.", _AGAIN) from None
    if not isinstance(key, Ed25519PublicKey):
        raise UserError(f"{path} is no Ed25519 key.", _AGAIN)
    return key


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(_read(path))
    except ValueError:
        raise UserError(f"{path} is no PEM certificate.", "Copy the whole folder of the role again.") from None


def _load_private(path: Path) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
    data = _read(path)
    _private_to_us(path)
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UserError(f"{path} is no unencrypted PEM private key.", "Copy the whole folder of the role again.") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey | Ed25519PrivateKey):
        raise UserError(f"{path} is neither an EC nor an Ed25519 key.", _AGAIN)
    return key


def _private_to_us(path: Path) -> None:
    """Like libpq: 0600, or 0640 for a key that belongs to root."""
    status = path.stat()
    allowed = 0o740 if status.st_uid == 0 else 0o700
    if status.st_mode & 0o777 & ~allowed:
        raise UserError(
            f"{path} can be read by others (mode {status.st_mode & 0o777:04o}).",
            f"If nobody has taken it: chmod 600 {path}; else make new keys.",
        )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1 << 20)
    except OSError as error:
        raise UserError(
            f"{path} cannot be read: {error.strerror}.", "`steadygo cluster keys DIR` writes it; copy the whole folder of the role."
        ) from None
