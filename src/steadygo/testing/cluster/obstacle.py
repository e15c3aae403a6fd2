"""Why a scheduler cannot be talked to, in words: asked of TLS itself once joining it has failed."""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

from steadygo.testing.cluster.transport import NO_SCHEDULER

_SECONDS = 5.0
_ALERTS = {
    "unknown ca": "it refuses this machine's certificate: that is of another authority. Use the keys of its cluster",
    "certificate expired": "it refuses this machine's certificate: that has expired, or its clock is ahead",
    "bad certificate": "it refuses this machine's certificate. Use the keys of its cluster, and compare the clocks",
    "unsupported certificate": "it refuses this machine's certificate: that is for another role",
    "certificate required": "it wants a certificate",
    "decrypt error": "it refuses this machine's certificate: its signature does not hold",
}
_VERIFY = {
    9: "its certificate is not valid yet by this machine's clock",
    10: "its certificate has expired, or this machine's clock is ahead",
    62: "its certificate does not name this host. Make keys with --host for it, or use a name that they have",
    64: "its certificate does not name this address. Make keys with --host for it, or use a name that they have",
    NO_SCHEDULER: "its certificate is not a scheduler's",
}
_ANOTHER = "its certificate is of another authority. Use the keys of its cluster"


class Obstacle(NamedTuple):
    """`words` after "it cannot be reached:"; `lasts`: waiting does not help."""

    words: str
    lasts: bool = True


def obstacle(context: ssl.SSLContext, address: str) -> Obstacle | None:
    """What is in the way to tls://HOST:PORT; None when nothing is. Takes a few seconds at most."""
    host, _, port = address.removeprefix("tls://").rpartition(":")
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host.strip("[]")) as tls,
        ):
            tls.recv(1)  # with TLS 1.3 what the other side thinks of our certificate comes after the handshake
    except ssl.SSLCertVerificationError as error:
        return Obstacle(_VERIFY.get(error.verify_code, _ANOTHER))
    except ssl.SSLError as error:
        said = str(error).lower()
        return Obstacle(
            next((words for alert, words in _ALERTS.items() if alert in said.replace("_", " ")), "it does not speak TLS as we do")
        )
    except TimeoutError:
        return Obstacle(f"it does not answer within {_SECONDS:.0f} s", lasts=False)
    except ConnectionRefusedError:
        return Obstacle("nothing listens there", lasts=False)
    except OSError as error:
        return Obstacle((error.strerror or str(error)).lower(), lasts=False)
    return None
