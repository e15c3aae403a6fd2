"""The manifest of a build: an in-toto statement with SLSA provenance v1, plain or signed in a DSSE envelope.

Sources: in-toto attestation v1 (statement, digest set with goModuleH1), slsa.dev/provenance/v1, secure-systems-lab/dsse v1.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steadygo.build.buildinfo import BuildInfo, Module
from steadygo.errors import UserError

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "https://github.com/steadygo/steadygo/blob/main/docs/build.md#build-type-go-v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True)
class Made:
    """What a build states of itself beyond its build information.

    `left_out` is what Go does not record: CC and its version, C library, GOFLAGS, tool ids; `go_mod` the go line and what is required.
    """

    package: str
    source: str
    started: str
    finished: str
    flags: Sequence[str]
    environment: Mapping[str, str]
    left_out: Mapping[str, str]
    go_line: str
    requires: Mapping[str, str]
    linkage: Mapping[str, Any]
    byproducts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """What `verify` reads of a manifest. `modules` are {path: (version, h1)} as they were compiled."""

    subjects: Mapping[str, str]
    entry_point: str
    go_version: str
    modules: Mapping[str, tuple[str, str]]
    linkage: Mapping[str, Any]
    go_line: str
    requires: Mapping[str, str]


def statement(subjects: Mapping[str, str], info: BuildInfo, made: Made) -> dict[str, Any]:
    """The in-toto statement. `subjects` are {file name: SHA-256 in hex}."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(subjects.items())],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"package": info.path, "argument": made.package, "source": made.source, "flags": list(made.flags)},
                "internalParameters": {
                    "goVersion": info.go_version,
                    "environment": dict(sorted(made.environment.items())),
                    "leftOutByGo": dict(sorted(made.left_out.items())),
                    "buildSettings": dict(info.settings),
                    "goLine": made.go_line,
                    "requires": dict(sorted(made.requires.items())),
                    "linkage": dict(made.linkage),
                },
                "resolvedDependencies": [_dependency(module) for module in ([info.main] if info.main else []) + list(info.deps)],
            },
            "runDetails": {
                "builder": {"id": "https://github.com/steadygo/steadygo", "version": {"go": info.go_version}},
                "metadata": {"startedOn": made.started, "finishedOn": made.finished},
                "byproducts": [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(made.byproducts.items())],
            },
        },
    }


def _dependency(module: Module) -> dict[str, Any]:
    built = module.built
    entry: dict[str, Any] = {"name": module.path, "uri": f"pkg:golang/{built.path}@{built.version}"}
    if built.sum.startswith("h1:"):
        entry["digest"] = {"goModuleH1": base64.b64decode(built.sum[3:]).hex()}
    entry["annotations"] = {"version": module.version, "built": built.version, "h1": built.sum}
    if module.replaced_by:
        entry["annotations"]["replacedBy"] = built.path
    return entry


def encode(document: Mapping[str, Any]) -> bytes:
    """The bytes that are written and signed."""
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def signing_input(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = PAYLOAD_TYPE.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def envelope(payload: bytes, key_id: str, signature: bytes) -> bytes:
    """A DSSE envelope around a statement."""
    return encode(
        {
            "payloadType": PAYLOAD_TYPE,
            "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
        }
    )


def opened(data: bytes, name: str) -> tuple[bytes, list[tuple[str, bytes]]]:
    """The statement's bytes and its signatures (key id, signature), none for a plain one. Raises UserError."""
    document = _object(data, name)
    if "payloadType" not in document:
        return data, []
    try:
        payload = base64.b64decode(document["payload"], validate=True)
        signatures = [(str(s.get("keyid", "")), base64.b64decode(s["sig"], validate=True)) for s in document["signatures"]]
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        raise _unreadable(name, "its envelope is broken") from None
    if document["payloadType"] != PAYLOAD_TYPE or not signatures:
        raise _unreadable(name, "its envelope holds no signed in-toto statement")
    return payload, signatures


def parse(payload: bytes, name: str) -> Manifest:
    """Take a statement apart. Raises UserError when it is not one that `steadygo build` wrote."""
    document = _object(payload, name)
    if document.get("_type") != STATEMENT_TYPE or document.get("predicateType") != PREDICATE_TYPE:
        raise _unreadable(name, "it is no SLSA provenance v1 statement")
    try:
        definition = document["predicate"]["buildDefinition"]
        inside = definition["internalParameters"]
        modules = definition["resolvedDependencies"]
        return Manifest(
            {str(s["name"]): str(s["digest"]["sha256"]) for s in document["subject"]},
            str(definition["externalParameters"]["package"]),
            str(inside["goVersion"]),
            {str(m["name"]): (str(m["annotations"]["built"]), str(m["annotations"]["h1"])) for m in modules},
            dict(inside["linkage"]),
            str(inside["goLine"]),
            {str(path): str(version) for path, version in inside["requires"].items()},
        )
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _unreadable(name, "parts of it are missing") from None


def read_file(path: Path) -> bytes:
    """A manifest's bytes. Raises UserError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.", "Give the manifest that `steadygo build` wrote.") from None


def _object(data: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise _unreadable(name, "it is no JSON") from None
    if not isinstance(document, dict):
        raise _unreadable(name, "it is no JSON object")
    return document


def _unreadable(name: str, why: str) -> UserError:
    return UserError(f"{name} cannot be used as a manifest: {why}.", "Give the one that `steadygo build` wrote.")
