"""Whether a tree is fit to be released: everything that is wrong is told at once."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from release.changelog import UNRELEASED, Changelog
from release.version import DEBIAN_CHANGELOG, HOME, RPM_SPEC, Repeated


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a tree.

    Args:
        version: what its home says.
        repeated: what other files say.
        changelog: CHANGELOG.md.
        changed: what differs from the last commit, as ``git status --short`` tells it.
        tags: the tags of the last commit.
    """

    version: str
    repeated: Repeated
    changelog: Changelog
    changed: Sequence[str]
    tags: Sequence[str]


def tag(version: str) -> str:
    """The name of a version's tag."""
    return f"v{version}"


def problems(facts: Facts) -> list[str]:
    """What stands in the way of a release; empty when nothing does."""
    return [*_of_version(facts), *_of_changelog(facts), *_of_repository(facts)]


def _of_version(facts: Facts) -> Iterator[str]:
    version, repeated = facts.version, facts.repeated
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        yield f"{HOME} has version {version}, which is no released version: three numbers are"
    if repeated.debian != version:
        yield f"{DEBIAN_CHANGELOG} begins with {repeated.debian}, not {version}: add an entry on top"
    if repeated.rpm != version:
        yield f"{RPM_SPEC} has version {repeated.rpm}, not {version}"


def _of_changelog(facts: Facts) -> Iterator[str]:
    version, changelog, debian = facts.version, facts.changelog, facts.repeated
    day = changelog.released.get(version)
    wanted = f"`## {version} (YYYY-MM-DD)`"
    for heading in changelog.odd:
        yield f"CHANGELOG.md has a section `## {heading}`, which is neither {UNRELEASED} nor a version"
    if day is None:
        yield f"CHANGELOG.md has no section {wanted}: what is under {UNRELEASED} belongs there"
    elif next(iter(changelog.released)) != version:
        newest = next(iter(changelog.released))
        yield f"CHANGELOG.md has {newest} above {version}: the newest comes first"
    if day and changelog.unreleased:
        first = changelog.unreleased.splitlines()[0]
        yield f"CHANGELOG.md still has something under {UNRELEASED} (`{first}`): move it to {wanted}"
    if day and debian.debian == version and debian.debian_day != day:
        yield (
            f"CHANGELOG.md gives {version} the day {day}, {DEBIAN_CHANGELOG} {debian.debian_day}:"
            " they are the same release"
        )


def _of_repository(facts: Facts) -> Iterator[str]:
    if facts.changed:
        listed = "".join(f"\n    {line}" for line in facts.changed[:10])
        yield f"the checkout differs from its last commit: commit or remove{listed}"
    if tag(facts.version) not in facts.tags:
        others = f"it has {', '.join(facts.tags)}" if facts.tags else "it has none"
        yield (
            f"the last commit has no tag {tag(facts.version)} ({others}):"
            f" git tag -s {tag(facts.version)}, or --snapshot for a build for testing"
        )
