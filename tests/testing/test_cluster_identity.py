"""The keys of a cluster: what is written, and what is said when they cannot be used."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import ssl
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from steadygo.commands.cluster import command
from steadygo.errors import UserError
from steadygo.testing.cluster import identity
from steadygo.testing.cluster.identity import Role

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    identity.create(tmp_path / "keys", ["10.0.0.7", "w-1.example.com"], NOW)
    return tmp_path / "keys"


def test_each_role_gets_what_it_needs_and_only_the_client_can_sign(keys: Path) -> None:
    found = {str(p.relative_to(keys)): p.stat().st_mode & 0o777 for p in keys.rglob("*") if p.is_file()}
    assert found == {
        "ca.pem": 0o644,
        "ca-key.pem": 0o600,
        **{f"{role}/{name}": mode for role in Role for name, mode in (("ca.pem", 0o644), ("cert.pem", 0o644), ("key.pem", 0o600))},
        "client/signing-key.pem": 0o600,
        "worker/signing-key.pub": 0o644,
    }
    assert keys.stat().st_mode & 0o777 == 0o700
    signature = identity.load(keys, Role.CLIENT, NOW).signing_key().sign(b"x")
    identity.load(keys, Role.WORKER, NOW).signed_by().verify(signature, b"x")


def test_certificates_name_the_hosts_and_a_client_cannot_serve(keys: Path) -> None:
    worker, client = (x509.load_pem_x509_certificate((keys / role / "cert.pem").read_bytes()) for role in ("worker", "client"))
    names = worker.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["w-1.example.com", "localhost"]
    assert [str(a) for a in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.7", "127.0.0.1", "::1"]
    uses = client.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    days = worker.not_valid_after_utc - NOW
    assert datetime.timedelta(days=364) < days < datetime.timedelta(days=366)


def test_nothing_is_overwritten(keys: Path) -> None:
    before = (keys / "ca-key.pem").read_bytes()
    with pytest.raises(UserError, match="never overwritten"):
        identity.create(keys, [], NOW)
    assert (keys / "ca-key.pem").read_bytes() == before


@pytest.mark.parametrize("host", ["", "-x", "a b", "a/b", "*", "x" * 64, "é"])
def test_a_host_that_is_none_is_refused_before_anything_is_written(tmp_path: Path, host: str) -> None:
    with pytest.raises(UserError, match="neither a host's name nor an address"):
        identity.create(tmp_path / "keys", [host], NOW)
    assert not list(tmp_path.iterdir())


def test_an_empty_folder_is_filled_and_a_file_in_its_place_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    identity.create(tmp_path / "empty", [], NOW)
    identity.load(tmp_path / "empty", Role.SCHEDULER, NOW)
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UserError, match="there already"):
        identity.create(tmp_path / "file", [], NOW)
    assert (tmp_path / "file").read_text() == "mine"


def _complaint(directory: Path, role: Role = Role.WORKER, now: datetime.datetime = NOW) -> str:
    with pytest.raises(UserError) as raised:
        identity.load(directory, role, now)
    return str(raised.value)


def test_each_fault_of_the_files_has_its_sentence(keys: Path, tmp_path: Path) -> None:
    identity.create(tmp_path / "other", [], NOW)
    worker = keys / "worker"
    assert "expired on" in _complaint(keys, now=NOW + datetime.timedelta(days=366))
    assert "valid from" in _complaint(keys, now=NOW - datetime.timedelta(hours=2))
    assert "cannot be read: No such file" in _complaint(tmp_path)

    (worker / "key.pem").chmod(0o644)
    assert "can be read by others (mode 0644)" in _complaint(keys)
    (worker / "key.pem").chmod(0o600)

    shutil.copy(tmp_path / "other/worker/ca.pem", worker / "ca.pem")
    assert "issued by another authority" in _complaint(keys)
    shutil.copy(keys / "ca.pem", worker / "ca.pem")

    shutil.copy(tmp_path / "other/worker/key.pem", worker / "key.pem")
    assert "does not belong to" in _complaint(keys)
    (worker / "key.pem").write_text("nonsense")
    assert "no unencrypted PEM private key" in _complaint(keys)
    shutil.copy(keys / "client/signing-key.pem", worker / "key.pem")
    assert "does not belong to" in _complaint(keys)

    (keys / "client/signing-key.pem").unlink()
    assert "signing-key.pem cannot be read" in _complaint(keys, Role.CLIENT)
    shutil.copy(keys / "client/key.pem", keys / "client/signing-key.pem")
    assert "no Ed25519 key" in _complaint(keys, Role.CLIENT)
    (keys / "scheduler/cert.pem").write_bytes(b"\xff\0")
    assert "no PEM certificate" in _complaint(keys, Role.SCHEDULER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_group_may_read_the_key_only_when_it_is_roots(keys: Path) -> None:
    key = keys / "worker/key.pem"
    key.chmod(0o640)
    identity.load(keys, Role.WORKER, NOW)
    os.chown(key, 1000, 1000)
    assert "mode 0640" in _complaint(keys)


def _handshake(server: Path, client: Path) -> str:
    """ "" when both sides are content, else what one of them says."""
    listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(server / "ca.pem"))
    listening.load_cert_chain(server / "cert.pem", server / "key.pem")
    listening.verify_mode = ssl.CERT_REQUIRED
    calling = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(client / "ca.pem"))
    calling.load_cert_chain(client / "cert.pem", client / "key.pem")
    here, there = socket.socketpair()
    said: list[str] = []

    def answer() -> None:
        try:
            with listening.wrap_socket(there, server_side=True) as tls:
                tls.sendall(b"!")
        except OSError as error:
            said.append(str(error))

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with calling.wrap_socket(here, server_hostname="10.0.0.7") as tls:
            tls.recv(1)
    except OSError as error:
        said.append(str(error))
    finally:
        here.close()
        thread.join()
    return " ".join(said)


def test_real_tls_lets_the_cluster_in_and_nobody_else(keys: Path, tmp_path: Path) -> None:
    identity.create(tmp_path / "other", ["10.0.0.7"], NOW)
    identity.create(tmp_path / "old", ["10.0.0.7"], NOW - datetime.timedelta(days=400))
    assert _handshake(keys / "scheduler", keys / "worker") == ""
    assert _handshake(keys / "worker", keys / "client") == ""
    assert "certificate verify failed" in _handshake(keys / "client", keys / "worker")
    assert "certificate verify failed" in _handshake(keys / "scheduler", tmp_path / "other/worker")
    assert "expired" in _handshake(tmp_path / "old/scheduler", tmp_path / "old/worker")


def test_the_command_says_what_it_wrote_and_until_when(tmp_path: Path) -> None:
    said = CliRunner().invoke(command, ["keys", str(tmp_path / "k"), "--host", "10.0.0.7"])
    assert said.exit_code == 0
    assert f"{tmp_path}/k/worker/signing-key.pub\n" in said.output
    assert f"hold until {NOW + datetime.timedelta(days=365):%Y-}" in said.output
