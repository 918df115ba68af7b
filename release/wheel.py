"""What is in a wheel: its metadata, its compiled files, the SBOM that its authors put in."""

import hashlib
import json
import zipfile
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from release.lock import LINUX


@dataclass(frozen=True)
class Wheel:
    """One wheel.

    Args:
        file: its file's name.
        sha256: of the file.
        metadata: its METADATA (packaging.python.org, "Core metadata").
        compiled: the content of each shared object in it, by name.
        inner: components that its own SBOMs list (PEP 770, ``.dist-info/sboms``).
    """

    file: str
    sha256: str
    metadata: Message
    compiled: dict[str, bytes]
    inner: list[dict[str, Any]]

    @property
    def name(self) -> NormalizedName:
        """Its normalised name."""
        return canonicalize_name(self.metadata["Name"])

    @property
    def version(self) -> str:
        """Its version."""
        return str(self.metadata["Version"])

    def requires(self) -> set[NormalizedName]:
        """The packages that it needs on Linux, without extras."""
        needed = set()
        for text in self.metadata.get_all("Requires-Dist", []):
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({**LINUX, "extra": ""}):
                needed.add(canonicalize_name(requirement.name))
        return needed


def read(path: Path) -> Wheel:
    """Look into a wheel."""
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        (metadata,) = [
            name for name in names if name.endswith(".dist-info/METADATA") and name.count("/") == 1
        ]
        sboms = [name for name in names if ".dist-info/sboms/" in name and name.endswith(".json")]
        return Wheel(
            path.name,
            hashlib.sha256(content).hexdigest(),
            BytesParser().parsebytes(archive.read(metadata)),
            {name: archive.read(name) for name in names if name.endswith(".so") or ".so." in name},
            [
                component
                for name in sboms
                for component in json.loads(archive.read(name)).get("components", [])
            ],
        )
