"""The SBOM: what a release is made of, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/)."""

import json
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import licence
from release.errors import BuildError
from release.lock import Pinned
from release.wheel import Wheel

Json = dict[str, Any]

_KNOWN = Path(__file__).with_name("components.toml")
_KEPT = ("type", "name", "version", "hashes", "licenses", "purl")
"""What is taken over of a component from a wheel's own SBOM; the rest is about the machine that built it."""


def compose(own: Wheel, epoch: int, pinned: Sequence[Pinned], wheels: Iterable[Wheel]) -> str:
    """Write the SBOM.

    Args:
        own: the wheel of the program itself.
        epoch: the time that the SBOM bears, in seconds since 1970.
        pinned: what the lock names.
        wheels: those that the packages are made of; for more than one Python there are several of one name.

    Returns:
        The document. It is the same for the same arguments: its serial number is made from its content.

    Raises:
        BuildError: something is in it that nobody has looked at, or it does not fit the official schema.
    """
    by_name: dict[str, list[Wheel]] = {}
    for wheel in sorted(wheels, key=lambda wheel: wheel.file):
        by_name.setdefault(wheel.name, []).append(wheel)
    known = tomllib.loads(_KNOWN.read_text())
    problems = list(_problems(pinned, by_name, known))
    if problems:
        raise BuildError("\n  - ".join(["the SBOM would not be true:", *problems]))
    purl = f"pkg:generic/{own.name}@{own.version}"
    document: Json = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "lifecycles": [{"phase": "build"}],
            "component": {
                "type": "application",
                "bom-ref": purl,
                "name": own.name,
                "version": own.version,
                "licenses": _licences(licence.of(own)),
                "purl": purl,
            },
        },
        "components": [_package(pin, by_name[pin.name], known.get(pin.name, {})) for pin in pinned],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(_purl(pin) for pin in pinned if pin.name in wheel.requires())}
            for ref, wheel in ((purl, own), *((_purl(pin), by_name[pin.name][0]) for pin in pinned))
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document, sort_keys=True))
    text = json.dumps({**document, "serialNumber": serial.urn}, indent=2) + "\n"
    invalid = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if invalid:
        raise BuildError(f"the SBOM does not fit its schema: {str(invalid).splitlines()[0]}")
    return text


def _problems(pinned: Sequence[Pinned], wheels: Mapping[str, Sequence[Wheel]], known: Json) -> Iterator[str]:
    locked = {pin.name for pin in pinned}
    for pin in pinned:
        entry = known.get(pin.name, {})
        if not wheels.get(pin.name):
            yield f"there is no wheel of {pin.name}"
        if entry.get("version", pin.version) != pin.version:
            yield f"{_KNOWN.name} knows {pin.name} {entry['version']}, not {pin.version}: look into it again"
        for wheel in wheels.get(pin.name, ()):
            yield from _problems_of(wheel, pin, entry)
    yield from (
        f"{_KNOWN.name} knows {name}, which the lock does not" for name in known if name not in locked
    )
    yield from (
        f"there is a wheel of {name}, which the lock has not" for name in wheels if name not in locked
    )


def _problems_of(wheel: Wheel, pin: Pinned, entry: Json) -> Iterator[str]:
    if wheel.version != pin.version:
        yield f"{wheel.file} is not version {pin.version}, which the lock names"
    if wheel.compiled and not wheel.inner and "contains" not in entry:
        yield f"{wheel.file} has compiled files: {_KNOWN.name} must say what is in them"
    for part in entry.get("contains", ()):
        seen = part.get("seen", "").encode()
        if seen and not any(seen in file for file in wheel.compiled.values()):
            yield f"{wheel.file} shows no `{part['seen']}`, by which {part['name']} was known"
    if not (licence.of(wheel) or entry.get("licence")):
        yield f"{wheel.file} does not tell its licence clearly: {_KNOWN.name} must"


def _package(pin: Pinned, wheels: Sequence[Wheel], entry: Json) -> Json:
    files = [wheel for wheel in wheels if wheel.sha256 in pin.hashes]
    component: Json = {
        "type": "library",
        "bom-ref": _purl(pin),
        "name": pin.name,
        "version": pin.version,
        "licenses": _licences(entry.get("licence") or licence.of(wheels[0])),
        "purl": _purl(pin),
        # Of a wheel that was built from source, it is the source that was locked.
        "externalReferences": [_file(pin, "distribution", wheel.sha256, wheel.file) for wheel in files]
        or [_file(pin, "source-distribution", sha256) for sha256 in sorted(pin.hashes)],
    }
    inside = {part["purl"]: part for part in (_part(part, pin) for part in entry.get("contains", ()))}
    for wheel in wheels:
        for part in wheel.inner:
            kept = {key: part[key] for key in _KEPT if key in part}
            inside[part["purl"]] = {**kept, "bom-ref": f"{_purl(pin)}#{part['purl']}"}
    if inside:
        component["components"] = [inside[purl] for purl in sorted(inside)]
    return component


def _part(part: Json, pin: Pinned) -> Json:
    named: Json = {key: part[key] for key in ("name", "version", "purl") if key in part}
    ref = f"{_purl(pin)}#{part['purl']}"
    return {"type": "library", "bom-ref": ref, **named, "licenses": _licences(part["licence"])}


def _purl(pin: Pinned) -> str:
    return f"pkg:pypi/{pin.name}@{pin.version}"


def _licences(expression: str) -> list[Json]:
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


def _file(pin: Pinned, kind: str, sha256: str, name: str = "") -> Json:
    reference: Json = {
        "type": kind,
        "url": f"https://pypi.org/project/{pin.name}/{pin.version}/#files",
        "hashes": [{"alg": "SHA-256", "content": sha256}],
    }
    return reference | ({"comment": name} if name else {})
