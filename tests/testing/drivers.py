"""Go modules with a database driver, out of the module cache that tests/install_go.py fills."""

from __future__ import annotations

import os

import pytest
from go_tests import INSTALL_GO

_SUMS = {
    "github.com/lib/pq": (
        "v1.10.9",
        "h1:YXG7RB+JIjhP29X+OtkiDnYaXQwpS4JEWq7dtCCRUEw=",
        "h1:AlVN5x4E4T544tWzH6hKfbfQvm3HdbOxrmggDNAPY9o=",
    ),
    "github.com/go-sql-driver/mysql": (
        "v1.7.1",
        "h1:lUIinVbN1DY0xBg0eMOzmmtGoHwWBbvnWubQUrtU8EI=",
        "h1:OXbVy3sEdcQ2Doequ6Z5BW6fXNQTmx+9S1MCJN5yJMI=",
    ),
}


def module(driver: str) -> dict[str, str]:
    """go.mod and go.sum of a module that uses the driver."""
    version, content, file = _SUMS[driver]
    if not (INSTALL_GO.root() / "mod" / f"{driver}@{version}").is_dir():
        reason = f"{driver} is not in the module cache; install it with: {INSTALL_GO.INSTALL_LINE}"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return {
        "go.mod": f"module example.com/svc\n\ngo 1.21\n\nrequire {driver} {version}\n",
        "go.sum": f"{driver} {version} {content}\n{driver} {version}/go.mod {file}\n",
    }


ENVIRONMENT = {"GOMODCACHE": str(INSTALL_GO.root() / "mod"), "GONOSUMDB": "*", "GOFLAGS": "-mod=readonly"}
"""What go needs to find them."""
