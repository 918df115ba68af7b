"""The command refuses, with every reason at once and nothing built, or says what differs."""

import shutil
import subprocess
from pathlib import Path

import pytest
from release import command, version

from portreeve.errors import ExitCode

CHECKOUT = Path(__file__).resolve().parents[3]


def git(top: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=nobody", "-c", "user.email=nobody@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=top, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that is fit to be released."""
    top = tmp_path / "checkout"
    for name in (version.HOME, version.DEBIAN_CHANGELOG, version.RPM_SPEC):
        (top / name).parent.mkdir(parents=True)
        (top / name).write_text((CHECKOUT / name).read_text())
    day, named = version.repeated(top).debian_day, version.of(top)
    (top / "CHANGELOG.md").write_text(f"# Changelog\n\n## {named} ({day})\n\nThe first version.\n")
    git(tmp_path, "init", "-q", str(top))
    git(top, "add", "--all")
    git(top, "commit", "-q", "-m", "Release")
    git(top, "tag", f"v{named}")
    monkeypatch.setattr(command, "TOP", top)
    return top


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was built: a text that is the same every time."""
    done: list[Path] = []

    def build(top: Path, scratch: Path, epoch: int, *, snapshot: bool, debs: bool) -> None:
        (scratch / "built").mkdir()
        (scratch / "built/artefact").write_text("content")
        (scratch / "built" / command.SUMS).write_text(command.sums(scratch / "built"))
        done.append(top)

    monkeypatch.setattr(command, "build", build)
    return done


def test_a_tree_that_is_fit_is_built(repository: Path, built: list[Path], tmp_path: Path) -> None:
    assert command.main(["--no-debs", "--output", str(tmp_path / "out")]) == ExitCode.DONE
    assert built == [repository]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["SHA256SUMS", "artefact"]


def test_a_tree_that_is_not_fit_is_refused_with_every_reason(
    repository: Path, built: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "CHANGELOG.md").write_text("## Unreleased\n- New.\n")
    git(repository, "tag", "-d", f"v{version.of(repository)}")
    assert command.main(["--no-debs"]) == ExitCode.REFUSED
    told = capsys.readouterr().err
    assert "refused, nothing was built" in told
    assert "has no section" in told
    assert "differs from its last commit" in told
    assert "has no tag" in told
    assert built == []


def test_sources_without_their_history_are_refused(
    repository: Path, built: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(repository / ".git")
    assert command.main(["--no-debs"]) == ExitCode.REFUSED
    assert "is no git checkout" in capsys.readouterr().err


def test_a_snapshot_needs_neither_tag_nor_changelog(
    repository: Path, built: list[Path], tmp_path: Path
) -> None:
    (repository / "CHANGELOG.md").write_text("## Unreleased\n- New.\n")
    assert command.main(["--snapshot", "--no-debs", "--output", str(tmp_path / "out")]) == ExitCode.DONE


def test_what_was_built_before_is_not_mixed_with_what_is_new(
    repository: Path, built: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").write_text("")
    assert command.main(["--no-debs", "--output", str(tmp_path)]) == ExitCode.REFUSED
    assert "is not empty" in capsys.readouterr().err


def test_debian_packages_need_root_and_it_says_so(
    repository: Path, built: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert command.main([]) == ExitCode.REFUSED
    assert "needs root: sudo, or --no-debs" in capsys.readouterr().err


def test_the_same_release_is_built_again_and_compared(
    repository: Path, built: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = tmp_path / "former"
    assert command.main(["--no-debs", "--output", str(former)]) == ExitCode.DONE
    assert command.main(["--no-debs", "--verify", str(former)]) == ExitCode.DONE
    (former / "artefact").write_text("other")
    assert command.main(["--no-debs", "--verify", str(former)]) == ExitCode.FAILED
    assert "artefact:\n    -other\n    +content" in capsys.readouterr().err


def test_checksums_are_those_that_sha256sum_checks(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("content")
    (tmp_path / command.SUMS).write_text(command.sums(tmp_path))
    subprocess.run(
        ["sha256sum", "--check", "--strict", command.SUMS], cwd=tmp_path, check=True, capture_output=True
    )
