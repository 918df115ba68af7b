"""systemd judges staged unit files; no running systemd is needed."""

import shutil
from pathlib import Path

import pytest

from portreeve.errors import Failed, Reason
from portreeve.systemd.unit_paths import installed, is_unit_path, unit_of
from portreeve.systemd.verify import verify_units

UNITS = Path("/etc/systemd/system")
analysed = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
vendor = pytest.mark.skipif(installed("dbus.socket") is None, reason="there is no vendor unit to amend")


def staged(folder: Path, files: dict[str, str]) -> dict[Path, Path]:
    """Files as a sync stages them: under names of their own."""
    result = {}
    for number, (target, text) in enumerate(files.items()):
        file = folder / f".staged-{number}"
        file.write_text(text)
        result[UNITS / target] = file
    return result


@analysed
def test_a_right_unit_is_accepted(tmp_path: Path) -> None:
    verify_units(staged(tmp_path, {"x.service": "[Service]\nExecStart=/bin/true\n"}), 30)


@analysed
def test_an_unknown_key_is_refused_and_named_without_the_scratch_folder(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        verify_units(staged(tmp_path, {"x.service": "[Service]\nExecStart=/bin/true\nRestrat=no\n"}), 30)
    assert caught.value.reason is Reason.UNITS_INVALID
    assert caught.value.evidence.startswith("x.service:3: Unknown key")


@analysed
@vendor
def test_a_drop_in_is_judged_with_the_vendors_unit(tmp_path: Path) -> None:
    verify_units(staged(tmp_path, {"dbus.socket.d/50.conf": "[Socket]\nBacklog=5\n"}), 30)
    with pytest.raises(Failed) as caught:
        verify_units(staged(tmp_path, {"dbus.socket.d/50.conf": "[Socket]\nBacklg=5\n"}), 30)
    assert caught.value.evidence.startswith("dbus.socket.d/50.conf:2: Unknown key")


@analysed
def test_a_drop_in_is_judged_with_a_unit_staged_beside_it(tmp_path: Path) -> None:
    files = {"x.service": "[Service]\nExecStart=/bin/true\n", "x.service.d/a.conf": "[Service]\nNonsense=1\n"}
    with pytest.raises(Failed):
        verify_units(staged(tmp_path, files), 30)


def test_a_drop_in_may_be_written_before_its_unit_is_installed(tmp_path: Path) -> None:
    verify_units(staged(tmp_path, {"not-installed.socket.d/50.conf": "[Socket]\nListenStream=9000\n"}), 30)


def test_a_drop_in_that_is_no_unit_file_is_refused_without_its_unit(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        verify_units(staged(tmp_path, {"not-installed.socket.d/50.conf": "ListenStream=9000\n"}), 30)
    assert "not-installed.socket.d/50.conf" in caught.value.what


def test_without_systemd_the_syntax_is_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    verify_units(staged(tmp_path, {"x.service": "[Service]\nRestrat=no\n"}), 30)
    with pytest.raises(Failed):
        verify_units(staged(tmp_path, {"x.service": "[Service\n"}), 30)


def test_files_that_are_no_units_are_none_of_its_business(tmp_path: Path) -> None:
    file = tmp_path / "f"
    file.write_text("not a unit")
    verify_units({Path("/etc/nginx/nginx.conf"): file}, 30)


@pytest.mark.parametrize(
    ("path", "unit"),
    [
        ("/etc/systemd/system/a.service", "a.service"),
        ("/usr/lib/systemd/system/a@.socket", "a@.socket"),
        ("/etc/systemd/system/cockpit.socket.d/listen.conf", "cockpit.socket"),
        ("/etc/systemd/system/service.d/10-all.conf", "service"),
        ("/etc/systemd/system/a.service.d/readme.txt", None),
        ("/etc/systemd/system/a.conf", None),
        ("/etc/systemd/user/a.service", None),
        ("/etc/systemd/journald.conf.d/a.conf", None),
        ("/etc/a.service", None),
    ],
)
def test_unit_files_are_known_by_their_path(path: str, unit: str | None) -> None:
    assert unit_of(Path(path)) == unit
    assert is_unit_path(Path(path)) == (unit is not None)
