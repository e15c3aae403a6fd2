"""Dask `distributed` as we use it: messages over mutual TLS through a scheduler that knows which workers there are.

Every process of a cluster answers only the few questions that it needs. What Dask itself would do with tasks, functions and plugins that
somebody sends is switched off: what a worker runs, it runs because an assignment is signed.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import re
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from steadygo.errors import UserError
from steadygo.testing.cluster.identity import Identity, Role

if TYPE_CHECKING:
    from distributed.security import Security

NO_SCHEDULER = -1
"""The `verify_code` of a certificate that holds, but is not a scheduler's."""

INSTALL_LINE = "pip install 'steadygo[cluster]'"

SETTINGS = {
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.worker-ttl": "30s",
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "60s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.diagnostics.nvml": False,
    "distributed.comm.require-encryption": True,
    "distributed.comm.timeouts.connect": "10s",
    "distributed.comm.timeouts.tcp": "30s",
}
"""No dashboard, no tasks that wander, no measuring of what we do not look at."""

SCHEDULER_ANSWERS: Mapping[str, Collection[Role]] = {
    "identity": tuple(Role),
    "register-worker": (Role.WORKER,),
    "heartbeat_worker": (Role.WORKER,),
    "unregister": (Role.WORKER,),
    "broadcast": (Role.CLIENT,),
}
"""Dask's questions that a scheduler answers, and to whom. Whoever wants to join in another role is told so."""
WORKER_HEARS = frozenset({"close", "worker-status-change", "remove-worker", "free-keys", "remove-replicas"})


def check_installed() -> None:
    """Raises UserError where the extra is missing."""
    if importlib.util.find_spec("distributed") is None:
        raise UserError("Tests on several workers need the package `distributed`.", f"Install it: {INSTALL_LINE}")


def configure() -> None:
    """Settings of this process, before the first object of Dask is made. Dask's own log goes nowhere: what matters is said in sentences."""
    import dask.config
    import distributed  # noqa: F401  its import sets its log up

    dask.config.set(SETTINGS)
    names = ("distributed", "tornado", "asyncio", "bokeh")
    known = list(logging.root.manager.loggerDict)  # it grows where another thread imports meanwhile
    for name in [*names, *(n for n in known if n.startswith(tuple(f"{name}." for name in names)))]:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def security(identity: Identity) -> Security:
    """Certificates for Dask; all sides must show one of the same authority."""
    from distributed.security import Security

    role = {Role.SCHEDULER: "scheduler", Role.WORKER: "worker", Role.CLIENT: "client"}[identity.role]
    files: dict[str, Any] = {
        "tls_ca_file": str(identity.ca),
        f"tls_{role}_cert": str(identity.certificate),
        f"tls_{role}_key": str(identity.key),
    }
    if identity.role is Role.SCHEDULER:
        return Security(require_encryption=True, tls_min_version=0x0304, **files)

    class OfScheduler(Security):
        def get_connection_args(self, role: str) -> dict[str, Any]:
            """Clients and workers call the scheduler alone, under an address that its certificate names."""
            found: dict[str, Any] = super().get_connection_args(role)  # type: ignore[no-untyped-call]
            found["ssl_context"].check_hostname = True
            found["ssl_context"].sslsocket_class = _ToScheduler
            return found

    return OfScheduler(require_encryption=True, tls_min_version=0x0304, **files)  # type: ignore[no-untyped-call]


def answering(handler: Callable[..., Any], *roles: Role) -> Callable[..., Any]:
    """A handler of a Dask server, for peers whose certificate is for one of these roles."""
    from distributed.core import Status

    takes_comm = next(iter(inspect.signature(handler).parameters), "") == "comm"

    async def checked(comm: Any, **words: Any) -> Any:
        certificate = comm.extra_info.get("peercert")
        if not any(_is_for(role, certificate) for role in roles):
            said = f"it refuses this machine's certificate: that is not for a {' or '.join(roles)}"
            await comm.write({"status": "error", "message": said, "time": time.time()})
            return Status.dont_reply
        answer = handler(comm, **words) if takes_comm else handler(**words)
        return await answer if inspect.isawaitable(answer) else answer

    return checked


def _is_for(role: Role, certificate: Mapping[str, Any] | None) -> bool:
    """Whether a peer's certificate, as `ssl` gives it, is for this role."""
    subject = [pair for part in (certificate or {}).get("subject", ()) for pair in part]
    return ("commonName", f"steadygo {role}") in subject


class _ToScheduler(ssl.SSLSocket):
    """Refuses a peer whose certificate is for another role: a worker's key cannot pose as the scheduler."""

    def do_handshake(self, block: bool = False) -> None:
        super().do_handshake(block)
        if not _is_for(Role.SCHEDULER, self.getpeercert()):
            error = ssl.SSLCertVerificationError(1, "the certificate is not a scheduler's")
            error.verify_code = NO_SCHEDULER
            raise error


_ADDRESS = re.compile(r"tls://(\[[0-9A-Fa-f:.%a-z0-9]+\]|[^\[\]:/]+):(\d{1,5})")


def checked_address(address: str) -> str:
    """`tls://HOST:PORT`, as it came. Raises UserError for anything else, plain TCP above all."""
    if address.startswith(("tcp://", "ws://", "http://")):
        raise UserError(
            f"{address} is not encrypted: whoever can reach it could run programs on the workers.",
            "Give tls://HOST:PORT and the keys of `steadygo cluster keys`.",
        )
    found = _ADDRESS.fullmatch(address)
    if not found or not 0 < int(found[2]) < 65536:
        raise UserError(f"{address!r} is no address of a scheduler.", "Give tls://HOST:PORT.")
    return address
