"""Reading CHANGELOG.md: what is not released yet, and which version was released when."""

import re
from dataclasses import dataclass
from datetime import date

_RELEASED = re.compile(r"(?P<version>\d+\.\d+\.\d+) \((?P<day>\d{4}-\d\d-\d\d)\)")
UNRELEASED = "Unreleased"


@dataclass(frozen=True, slots=True)
class Changelog:
    """The sections of a changelog.

    Args:
        released: the day of each version, the newest first.
        unreleased: what is told under ``Unreleased``.
        odd: headings that are neither.
    """

    released: dict[str, date]
    unreleased: str
    odd: tuple[str, ...]


def parse(text: str) -> Changelog:
    """Read a changelog whose sections are ``## Unreleased`` and ``## 1.2.3 (2026-12-31)``."""
    released, odd, unreleased = {}, [], ""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading, _, body = section.partition("\n")
        heading = heading.strip()
        matched = _RELEASED.fullmatch(heading)
        day = _day(matched["day"]) if matched else None
        if heading == UNRELEASED:
            unreleased = body.strip()
        elif matched and day:
            released[matched["version"]] = day
        else:
            odd.append(heading)
    return Changelog(released, unreleased, tuple(odd))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
