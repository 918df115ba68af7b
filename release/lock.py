"""Reading the lock of the dependencies: names, versions, hashes."""

import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name


@dataclass(frozen=True, slots=True)
class Pinned:
    """One line of the lock.

    Args:
        name: normalised, as the package index spells it.
        version: the one version.
        hashes: SHA-256 of each file that may be taken for it.
    """

    name: NormalizedName
    version: str
    hashes: frozenset[str]


LINUX = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}
"""The environment of every package that is built, as far as markers ask for it."""


def parse(text: str) -> list[Pinned]:
    """What a lock names for Linux, in its order."""
    pinned = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        required = Requirement(line.partition("--hash")[0])
        if required.marker is None or required.marker.evaluate({**LINUX}):
            (exact,) = required.specifier
            hashes = frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
            pinned.append(Pinned(canonicalize_name(required.name), exact.version, hashes))
    return pinned
