"""The version: it is in ``agent/portreeve/__init__.py``, and what repeats it is compared with that."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from release.errors import BuildError

HOME = Path("agent/portreeve/__init__.py")
DEBIAN_CHANGELOG = Path("debian/changelog")
RPM_SPEC = Path("rpm/portreeve.spec")

_ASSIGNMENT = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_ENTRY = re.compile(
    r"^portreeve \((?P<version>[^)]+)-(?P<revision>[^-)]+)\) .*?^ -- .*?>  (?P<date>.+?)$", re.M | re.S
)
_RPM_VERSION = re.compile(r"^Version:\s*(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Repeated:
    """What files besides its home say about the version.

    Args:
        debian: the version of the newest entry of debian/changelog, without the package's own revision.
        debian_day: the day of that entry.
        rpm: the version in the RPM's spec.
    """

    debian: str
    debian_day: date
    rpm: str


def of(tree: Path) -> str:
    """The version of a tree of sources."""
    return _found(_ASSIGNMENT, tree / HOME)[1]


def repeated(tree: Path) -> Repeated:
    """What the packages' own files say."""
    entry = _found(_ENTRY, tree / DEBIAN_CHANGELOG)
    written = parsedate_to_datetime(entry["date"])
    return Repeated(entry["version"], written.date(), _found(_RPM_VERSION, tree / RPM_SPEC)[1])


def snapshot(version: str, epoch: int) -> str:
    """The version of a build for testing: it sorts before the release that it is on the way to.

    Args:
        version: the one that the tree is on the way to.
        epoch: when its commit was made, in seconds since 1970.
    """
    return f"{version}.dev{datetime.fromtimestamp(epoch, UTC):%Y%m%d%H%M%S}"


def for_debian(version: str) -> str:
    """The same version as Debian's and RPM's packages sort it (deb-version(7): ``~`` comes first)."""
    return version.replace(".dev", "~dev")


def rewrite(tree: Path, version: str, epoch: int) -> None:
    """Give an exported tree another version, in all places that have one.

    Args:
        tree: changed in place.
        version: the new one.
        epoch: the time of the entry that debian/changelog gets, in seconds since 1970.
    """
    home = tree / HOME
    home.write_text(_ASSIGNMENT.sub(f'__version__ = "{version}"', home.read_text()))
    spec = tree / RPM_SPEC
    spec.write_text(_RPM_VERSION.sub(f"Version: {for_debian(version)}", spec.read_text()))
    changelog = tree / DEBIAN_CHANGELOG
    former = changelog.read_text()
    author = re.search(r"^ -- (.+?>)  ", former, re.MULTILINE)
    day = datetime.fromtimestamp(epoch, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    entry = f"portreeve ({for_debian(version)}-1) UNRELEASED; urgency=medium\n\n  * A build for testing.\n\n"
    changelog.write_text(
        f"{entry} -- {author[1] if author else 'nobody <nobody@localhost>'}  {day}\n\n{former}"
    )


def _found(pattern: re.Pattern[str], file: Path) -> re.Match[str]:
    found = pattern.search(file.read_text())
    if not found:
        raise BuildError(f"{file} names no version")
    return found
