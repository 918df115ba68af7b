"""The version is in one place: what repeats it says the same."""

import re
from pathlib import Path

import pytest
from release import changelog, checkout, version

import portreeve

CHECKOUT = Path(__file__).resolve().parents[3]
EPOCH = 1_795_000_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The files of the checkout that have a version."""
    for name in (version.HOME, version.DEBIAN_CHANGELOG, version.RPM_SPEC):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text((CHECKOUT / name).read_text())
    return tmp_path


def test_what_repeats_the_version_agrees_with_the_program() -> None:
    repeated = version.repeated(CHECKOUT)
    assert {version.of(CHECKOUT), repeated.debian, repeated.rpm} == {portreeve.__version__}


def test_the_changes_that_the_spec_tells_begin_with_this_version() -> None:
    changes = (CHECKOUT / version.RPM_SPEC).read_text().partition("%changelog\n")[2]
    assert changes.splitlines()[0].endswith(f" - {portreeve.__version__}-1")


def test_what_the_documentation_shows_is_this_version() -> None:
    pages = (CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md"))
    text = "".join(page.read_text() for page in pages)
    shown = set(re.findall(r"portreeve \(?(\d+\.\d+\.\d+)", text))
    assert shown == {portreeve.__version__}


def test_the_changelog_has_no_section_that_a_release_would_refuse() -> None:
    assert changelog.parse((CHECKOUT / "CHANGELOG.md").read_text()).odd == ()


def test_a_snapshot_is_older_than_what_it_is_on_the_way_to() -> None:
    assert version.snapshot("0.2.0", EPOCH) == "0.2.0.dev20261118110640"
    assert version.for_debian(version.snapshot("0.2.0", EPOCH)) == "0.2.0~dev20261118110640"


def test_a_snapshot_has_one_version_in_all_places(tree: Path) -> None:
    version.rewrite(tree, "0.2.0.dev1", EPOCH)
    repeated = version.repeated(tree)
    assert (version.of(tree), repeated.debian, repeated.rpm) == ("0.2.0.dev1", "0.2.0~dev1", "0.2.0~dev1")


def test_a_snapshot_keeps_what_was_told_of_former_versions(tree: Path) -> None:
    former = (tree / version.DEBIAN_CHANGELOG).read_text()
    version.rewrite(tree, "0.2.0.dev1", EPOCH)
    assert (tree / version.DEBIAN_CHANGELOG).read_text().endswith(former)


def test_an_export_has_what_git_has_with_one_time_and_plain_modes(tmp_path: Path) -> None:
    checkout.export(CHECKOUT, tmp_path / "copy", EPOCH)
    files = [path for path in (tmp_path / "copy").rglob("*") if not path.is_symlink()]
    assert {file.stat().st_mtime for file in files} == {EPOCH}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o755", "0o644"}
    assert (tmp_path / "copy/install.sh").stat().st_mode & 0o111
    assert not (tmp_path / "copy/.git").exists()
