"""The bill of materials of a program: CycloneDX 1.6 and SPDX 2.3, with exactly the modules of `go version -m`."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from steadygo.build.buildinfo import BuildInfo, Module

_NAMESPACE = uuid.UUID("6f1c3a52-6c0c-5b44-9a3e-0d6f4a5b7c11")


@dataclass(frozen=True)
class Bill:
    """What goes into a bill. `version` is the main module's true version; `licences` are {module path: SPDX expression or ""}."""

    name: str
    sha256: str
    info: BuildInfo
    version: str
    licences: Mapping[str, str]

    @property
    def time(self) -> datetime:
        """The commit's time, so that one source gives one bill; 1970 where it is not recorded."""
        try:
            return datetime.fromisoformat(self.info.setting("vcs.time").replace("Z", "+00:00"))
        except ValueError:
            return datetime.fromtimestamp(0, UTC)

    @property
    def main(self) -> Module:
        return (self.info.main or Module(self.info.path, ""))._replace(version=self.version)


def cyclonedx(bill: Bill) -> bytes:
    """CycloneDX 1.6 as JSON."""
    main = _component(bill, bill.main, ComponentType.APPLICATION)
    main.hashes.add(HashType(alg=HashAlgorithm.SHA_256, content=bill.sha256))
    main.properties.update(Property(name=f"go:build:{key}", value=value) for key, value in bill.info.settings)
    main.properties.add(Property(name="go:package", value=bill.info.path))
    parts = [_component(bill, module, ComponentType.LIBRARY) for module in bill.info.deps]
    metadata = BomMetaData(component=main, timestamp=bill.time, properties=[Property(name="go:version", value=bill.info.go_version)])
    bom = Bom(components=parts, metadata=metadata, serial_number=uuid.uuid5(_NAMESPACE, bill.sha256))
    bom.register_dependency(main, parts)
    text: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return text.encode() + b"\n"


def _component(bill: Bill, module: Module, kind: ComponentType) -> Component:
    built = module.built
    properties = [Property(name="go:h1", value=built.sum)] if built.sum else []
    if module.replaced_by:
        properties.append(Property(name="go:replaced-by", value=" ".join(filter(None, built[:2]))))
    licence = bill.licences.get(module.path, "")
    return Component(
        type=kind,
        name=module.path,
        version=module.version or None,
        purl=_purl(module),
        bom_ref=f"{module.path}@{module.version}",
        licenses=[LicenseExpression(licence)] if licence else None,
        properties=properties,
    )


def _purl(module: Module) -> PackageURL:
    """The module whose source was compiled; one in a local directory keeps its own name and no version."""
    built = module.built
    local = built.path.startswith((".", "/")) or not built.version.startswith("v")
    path, version = (module.path, None) if local else (built.path, built.version)
    namespace, _, name = path.rpartition("/")
    return PackageURL(type="golang", namespace=namespace or None, name=name, version=version)


def spdx(bill: Bill) -> bytes:
    """SPDX 2.3 as JSON."""
    main = _package(bill, bill.main, "SPDXRef-Main")
    main["checksums"] = [{"algorithm": "SHA256", "checksumValue": bill.sha256}]
    main["primaryPackagePurpose"] = "APPLICATION"
    parts = [_package(bill, module, f"SPDXRef-Module-{index}") for index, module in enumerate(bill.info.deps, start=1)]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": bill.name,
        "documentNamespace": f"https://steadygo.invalid/spdx/{uuid.uuid5(_NAMESPACE, bill.sha256 + 'spdx')}",
        "creationInfo": {"created": bill.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "creators": ["Tool: steadygo"]},
        "packages": [main, *parts],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Main"},
            *({"spdxElementId": "SPDXRef-Main", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": p["SPDXID"]} for p in parts),
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _package(bill: Bill, module: Module, identifier: str) -> dict[str, Any]:
    package: dict[str, Any] = {
        "SPDXID": identifier,
        "name": module.path,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": bill.licences.get(module.path) or "NOASSERTION",
        "licenseDeclared": bill.licences.get(module.path) or "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": _purl(module).to_string()},
        ],
    }
    if module.version:
        package["versionInfo"] = module.version
    if module.built.sum.startswith("h1:"):
        package["comment"] = f"go.sum {module.built.sum} ({base64.b64decode(module.built.sum[3:]).hex()})"
    return package
