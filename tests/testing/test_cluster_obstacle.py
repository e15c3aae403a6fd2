"""What stands between this machine and a scheduler, each with its words; the other side is a real TLS server."""

from __future__ import annotations

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from steadygo.testing.cluster import identity, obstacle
from steadygo.testing.cluster.obstacle import Obstacle
from steadygo.testing.cluster.obstacle import obstacle as find

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


def _context(folder: Path, purpose: ssl.Purpose) -> ssl.SSLContext:
    context = ssl.create_default_context(purpose, cafile=str(folder / "ca.pem"))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@contextlib.contextmanager
def _server(context: ssl.SSLContext | None) -> Iterator[str]:
    """Its address; None: it listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                plain, _ = listening.accept()
                with plain:
                    if context is None:
                        plain.recv(1)
                        plain.sendall(b"220 hello, this is mail\r\n")
                        return
                    with context.wrap_socket(plain, server_side=True) as tls:
                        tls.sendall(b"!")
                        tls.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"tls://127.0.0.1:{listening.getsockname()[1]}"
        thread.join(10)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("keys")
    for name, made in {"good": NOW - DAY, "other": NOW - DAY, "old": NOW - 400 * DAY, "new": NOW + 2 * DAY}.items():
        identity.create(place / name, [], made)
    return place


@pytest.mark.parametrize(
    ("server", "mine", "trusts", "words"),
    [
        ("good", "good", "good", ""),
        ("other", "good", "good", "of another authority. Use the keys of its cluster"),
        ("good", "other", "good", "it refuses this machine's certificate: that is of another authority"),
        ("old", "good", "old", "its certificate has expired, or this machine's clock is ahead"),
        ("new", "good", "new", "not valid yet by this machine's clock"),
    ],
)
def test_tls_says_why(keys: Path, server: str, mine: str, trusts: str, words: str) -> None:
    context = _context(keys / mine / "worker", ssl.Purpose.SERVER_AUTH)
    if trusts != mine:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(keys / trusts / "ca.pem"))
        context.check_hostname = False
        context.load_cert_chain(keys / mine / "worker/cert.pem", keys / mine / "worker/key.pem")
    with _server(_context(keys / server / "scheduler", ssl.Purpose.CLIENT_AUTH)) as address:
        found = find(context, address)
    assert (found is None) if not words else (found is not None and words in found.words and found.lasts), found


def test_an_expired_certificate_of_ours_is_refused_over_there(keys: Path) -> None:
    listening = _context(keys / "old/scheduler", ssl.Purpose.CLIENT_AUTH)
    calling = _context(keys / "old/worker", ssl.Purpose.SERVER_AUTH)
    calling.verify_mode = ssl.CERT_NONE
    with _server(listening) as address:
        assert "that has expired, or its clock is ahead" in str(find(calling, address))


def test_what_is_no_tls_and_what_is_not_there(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = _context(keys / "good/worker", ssl.Purpose.SERVER_AUTH)
    with _server(None) as address:
        assert find(context, address) == Obstacle("it does not speak TLS as we do", lasts=True)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert find(context, f"tls://127.0.0.1:{port}") == Obstacle("nothing listens there", lasts=False)
    monkeypatch.setattr(obstacle, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "does not answer" in str(find(context, f"tls://127.0.0.1:{silent.getsockname()[1]}"))
    assert find(context, "tls://name.invalid:1") is not None
