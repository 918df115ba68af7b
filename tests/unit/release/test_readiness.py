from dataclasses import replace
from datetime import date

import pytest
from release.changelog import parse
from release.readiness import Facts, problems
from release.version import Repeated

FIT = Facts(
    version="0.2.0",
    repeated=Repeated("0.2.0", date(2026, 12, 24), "0.2.0"),
    changelog=parse("## Unreleased\n\n## 0.2.0 (2026-12-24)\n\n- New.\n\n## 0.1.0 (2026-11-30)\n"),
    changed=(),
    tags=("v0.2.0",),
)


def test_a_tagged_commit_with_a_dated_section_is_fit() -> None:
    assert problems(FIT) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (replace(FIT, changelog=parse("## 0.1.0 (2026-11-30)")), "has no section `## 0.2.0 (YYYY-MM-DD)`"),
        (
            replace(FIT, changelog=parse("## Unreleased\n- Late.\n## 0.2.0 (2026-12-24)\n")),
            "still has something under Unreleased (`- Late.`)",
        ),
        (
            replace(FIT, changelog=parse("## 0.3.0 (2026-12-25)\n## 0.2.0 (2026-12-24)\n")),
            "has 0.3.0 above 0.2.0",
        ),
        (replace(FIT, changelog=parse("## 0.2\n## 0.2.0 (2026-12-24)\n")), "a section `## 0.2`"),
        (
            replace(FIT, changed=(" M README.md",)),
            "last commit: commit or remove\n     M README.md",
        ),
        (replace(FIT, tags=("v0.1.0",)), "has no tag v0.2.0 (it has v0.1.0)"),
        (replace(FIT, tags=()), "has no tag v0.2.0 (it has none)"),
        (
            replace(FIT, repeated=replace(FIT.repeated, debian="0.1.0")),
            "debian/changelog begins with 0.1.0, not 0.2.0",
        ),
        (
            replace(FIT, repeated=replace(FIT.repeated, debian_day=date(2026, 12, 25))),
            "gives 0.2.0 the day 2026-12-24, debian/changelog 2026-12-25",
        ),
        (replace(FIT, repeated=replace(FIT.repeated, rpm="0.1.0")), "rpm/portreeve.spec has version 0.1.0"),
    ],
)
def test_what_stands_in_the_way_is_named_and_nothing_else(wrong: Facts, told: str) -> None:
    (problem,) = problems(wrong)
    assert told in problem


def test_a_version_on_the_way_to_a_release_is_none() -> None:
    found = problems(replace(FIT, version="0.2.0.dev1"))
    assert "agent/portreeve/__init__.py has version 0.2.0.dev1, which is no released version" in found[0]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    assert len(problems(replace(FIT, tags=(), changed=("?? x",), changelog=parse("")))) == 3
