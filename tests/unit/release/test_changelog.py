from datetime import date

import pytest
from release import changelog

TEXT = """# Changelog

## Unreleased

- Something new.

## 0.2.0 (2026-12-24)

- Something.

## 0.1.0 (2026-11-30)

The first version.
"""


def test_versions_have_their_day_and_the_newest_comes_first() -> None:
    released = changelog.parse(TEXT).released
    assert list(released.items()) == [("0.2.0", date(2026, 12, 24)), ("0.1.0", date(2026, 11, 30))]


def test_what_is_not_released_is_told_apart() -> None:
    assert changelog.parse(TEXT).unreleased == "- Something new."


def test_a_changelog_without_anything_unreleased_is_one_too() -> None:
    parsed = changelog.parse("# Changelog\n\n## 0.1.0 (2026-11-30)\n\nThe first version.\n")
    assert (parsed.unreleased, parsed.odd) == ("", ())


@pytest.mark.parametrize("heading", ["0.1.0", "0.1 (2026-11-30)", "0.1.0 (2026-11-31)", "v0.1.0"])
def test_any_other_heading_is_odd(heading: str) -> None:
    assert changelog.parse(f"## {heading}\n").odd == (heading,)
