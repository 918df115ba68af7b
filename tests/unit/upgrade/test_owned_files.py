"""What a package has, as the real dpkg tells of a database, and as rpm would where there is no dpkg."""

import shutil
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.upgrade.owned_files import OwnedFiles, owned_files, sorted_out

FILES = """\
/.
/etc
/etc/panel
/etc/panel/panel.conf
/etc/pam.d/panel
/lib/systemd/system
/lib/systemd/system/panel.service
/usr/lib/systemd/system/panel@.socket
/usr/lib/systemd/system/other.service.d
/usr/lib/systemd/system/other.service.d/panel.conf
/usr/lib/systemd/system/service.d/all.conf
/usr/bin/panel
"""
STATUS = """\
Package: panel
Status: install ok installed
Architecture: all
Version: 1
Maintainer: nobody <nobody@example.org>
Description: a panel

"""

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="there is no dpkg here")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    (info.parent / "status").write_text(STATUS)
    (info / "panel.list").write_text(FILES)
    (tmp_path / "etc/panel").mkdir(parents=True)
    return tmp_path


OWNED = OwnedFiles(
    ("other.service", "panel.service", "panel@.socket"), ("/etc/pam.d/panel", "/etc/panel/panel.conf")
)


@needs_dpkg
def test_units_go_by_their_names_and_folders_do_not_count(root: Path) -> None:
    (root / "etc/pam.d").mkdir()
    assert owned_files("panel", root=root, timeout=10) == OWNED


@needs_dpkg
def test_a_database_may_be_elsewhere(root: Path, tmp_path: Path) -> None:
    (root / "var/lib/dpkg").rename(tmp_path / "elsewhere")
    assert owned_files("panel", root=root, timeout=10) == OwnedFiles()
    assert owned_files("panel", root=root, admin_folder=str(tmp_path / "elsewhere"), timeout=10) == OWNED


@needs_dpkg
def test_a_package_that_is_not_installed_has_nothing(root: Path) -> None:
    assert owned_files("other", root=root, timeout=10) == OwnedFiles()
    assert owned_files("-L", root=root, timeout=10) == OwnedFiles()


@needs_dpkg
def test_a_long_list_is_read_to_its_beginning(root: Path) -> None:
    many = "".join(f"/usr/share/panel/{number:08}\n" for number in range(20_000))
    (root / "var/lib/dpkg/info/panel.list").write_text(FILES + many)
    assert owned_files("panel", root=root, timeout=10).units == OWNED.units


@needs_dpkg
def test_other_names_of_a_unit_are_its_package_s_too(root: Path) -> None:
    folder = root / "etc/systemd/system"
    folder.mkdir(parents=True)
    (folder / "desk.service").symlink_to("/lib/systemd/system/panel.service")
    (folder / "stranger.service").symlink_to("/lib/systemd/system/stranger.service")
    (folder / "masked.service").symlink_to("/dev/null")
    (folder / "plain.service").write_text("")
    assert owned_files("panel", root=root, timeout=10).units == ("desk.service", *OWNED.units)


@needs_dpkg
def test_a_link_that_goes_at_this_moment_is_no_reason_to_know_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = root / "etc/systemd/system"
    folder.mkdir(parents=True)
    (folder / "desk.service").symlink_to("/lib/systemd/system/panel.service")
    readlink = Path.readlink

    def gone(path: Path) -> Path:
        path.unlink()
        return readlink(path)

    monkeypatch.setattr(Path, "readlink", gone)
    assert owned_files("panel", root=root, timeout=10) == OWNED


def test_without_dpkg_rpm_is_asked(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    told = tmp_path / "asked"
    (programs / "rpm").write_text(f"#!/bin/sh\necho \"$@\" >{told}\ncat <<'END'\n{FILES}END\n")
    (programs / "rpm").chmod(0o755)
    (programs / "cat").symlink_to("/bin/cat")
    monkeypatch.setenv("PATH", str(programs))
    assert owned_files("panel", root=root, timeout=10) == OWNED
    assert told.read_text() == f"--root={root} -q --list -- panel\n"


def test_without_both_there_is_nothing_and_one_that_hangs_is_not_waited_for(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    assert owned_files("panel", root=root, timeout=10) == OwnedFiles()
    (programs / "dpkg-query").write_text("#!/bin/sh\nexec /bin/sleep 600\n")
    (programs / "dpkg-query").chmod(0o755)
    began = time.monotonic()
    assert owned_files("panel", root=root, timeout=0.3) == OwnedFiles(known=False)
    assert time.monotonic() - began < 5


@given(st.lists(st.text(st.characters(blacklist_characters="\0")).map(lambda text: f"/{text}")))
def test_whatever_the_files_are_called_they_are_sorted_out(files: list[str]) -> None:
    found = sorted_out(files, Path("/nonexistent"))
    assert set(found.paths) <= set(files)
    assert list(found.units) == sorted(set(found.units))
