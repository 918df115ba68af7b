"""Generated unit files come and go, and nothing else does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.systemd_manager import fake_systemd
from portreeve.errors import ExitCode, Failed, Reason, Refused
from portreeve.paths import Paths
from portreeve.systemd.bus import Systemd
from portreeve.systemd.install import Changes, install, remove

FILES = {"portreeve.service": "[Unit]\nDescription=x\n", "app.service.d/50-portreeve.conf": "[Unit]\n"}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(tmp_path)
    paths.units.mkdir(parents=True)
    return paths


def put(paths: Paths, files: dict[str, str], *, force: bool = False, prune: bool = True) -> Changes:
    return install(files, paths, None, force=force, prune=prune)


def listing(paths: Paths) -> set[str]:
    return {str(path.relative_to(paths.units)) for path in paths.units.rglob("*")}


def test_files_are_written_readable_for_all(paths: Paths) -> None:
    changes = put(paths, FILES)
    assert set(changes.written) == {paths.units / name for name in FILES}
    assert (paths.units / "portreeve.service").read_text() == FILES["portreeve.service"]
    assert (paths.units / "portreeve.service").stat().st_mode & 0o777 == 0o644


def test_the_second_time_nothing_is_written(paths: Paths) -> None:
    put(paths, FILES)
    before = {file: file.stat().st_mtime_ns for file in paths.units.rglob("*")}
    changes = put(paths, FILES)
    assert (changes.written, changes.removed, len(changes.unchanged)) == ((), (), 2)
    assert {file: file.stat().st_mtime_ns for file in paths.units.rglob("*")} == before


def test_an_installation_and_a_removal_leave_what_was_there(paths: Paths) -> None:
    (paths.units / "theirs.service").write_text("[Unit]\n")
    (paths.units / "app.service.d").mkdir()
    before = listing(paths)
    put(paths, FILES)
    remove(paths, None, force=False)
    assert listing(paths) == before
    assert not (paths.state / "units.json").exists()


def test_a_folder_that_was_made_goes_with_its_last_file(paths: Paths) -> None:
    put(paths, FILES)
    remove(paths, None, force=False)
    assert listing(paths) == set()


def test_a_folder_in_which_somebody_put_something_stays(paths: Paths) -> None:
    put(paths, FILES)
    (paths.units / "app.service.d/theirs.conf").write_text("[Unit]\n")
    remove(paths, None, force=False)
    assert listing(paths) == {"app.service.d", "app.service.d/theirs.conf"}


def test_what_is_generated_no_more_is_removed(paths: Paths) -> None:
    put(paths, FILES)
    changes = put(paths, {"portreeve.service": FILES["portreeve.service"]})
    assert changes.removed == (paths.units / "app.service.d/50-portreeve.conf",)
    assert listing(paths) == {"portreeve.service"}


def test_what_a_package_has_is_left_to_it_and_taken_from_before_it(paths: Paths) -> None:
    put(paths, FILES)
    paths.vendor_units.mkdir(parents=True)
    (paths.vendor_units / "portreeve.service").write_text(FILES["portreeve.service"])
    changes = put(paths, FILES, prune=False)
    assert (changes.written, changes.removed) == ((), (paths.units / "portreeve.service",))
    assert listing(paths) == {"app.service.d", "app.service.d/50-portreeve.conf"}
    assert put(paths, FILES).removed == ()


def test_a_package_with_another_unit_of_that_name_is_overridden(paths: Paths) -> None:
    paths.vendor_units.mkdir(parents=True)
    (paths.vendor_units / "portreeve.service").write_text("[Unit]\nDescription=other\n")
    assert paths.units / "portreeve.service" in put(paths, FILES).written


def test_it_is_kept_while_a_definition_cannot_be_read_and_removed_later(paths: Paths) -> None:
    put(paths, FILES)
    put(paths, {"portreeve.service": FILES["portreeve.service"]}, prune=False)
    assert "app.service.d/50-portreeve.conf" in listing(paths)
    remove(paths, None, force=False)
    assert listing(paths) == set()


def test_a_file_that_was_edited_is_not_overwritten(paths: Paths) -> None:
    put(paths, FILES)
    (paths.units / "portreeve.service").write_text("mine")
    with pytest.raises(Refused) as caught:
        put(paths, {**FILES, "portreeve.service": "[Unit]\nDescription=new\n", "new.service": "[Unit]\n"})
    assert "portreeve.service" in caught.value.evidence
    assert caught.value.exit_code is ExitCode.REFUSED
    assert (paths.units / "portreeve.service").read_text() == "mine"
    assert not (paths.units / "new.service").exists()


def test_a_file_that_was_there_before_is_not_overwritten(paths: Paths) -> None:
    (paths.units / "portreeve.service").write_text("theirs")
    with pytest.raises(Refused):
        put(paths, FILES)
    assert listing(paths) == {"portreeve.service"}


def test_a_file_that_was_edited_is_not_removed_and_neither_is_any_other(paths: Paths) -> None:
    put(paths, FILES)
    (paths.units / "portreeve.service").write_text("mine")
    before = listing(paths)
    with pytest.raises(Refused):
        remove(paths, None, force=False)
    assert listing(paths) == before


def test_force_overwrites_and_removes(paths: Paths) -> None:
    put(paths, FILES)
    (paths.units / "portreeve.service").write_text("mine")
    put(paths, FILES, force=True)
    assert (paths.units / "portreeve.service").read_text() == FILES["portreeve.service"]
    (paths.units / "portreeve.service").write_text("mine")
    remove(paths, None, force=True)
    assert listing(paths) == set()


def test_a_file_that_somebody_removed_is_written_again(paths: Paths) -> None:
    put(paths, FILES)
    (paths.units / "portreeve.service").unlink()
    assert put(paths, FILES).written == (paths.units / "portreeve.service",)


def test_an_installation_that_was_cut_short_is_finished_by_the_next(paths: Paths) -> None:
    put(paths, FILES)
    new = {name: text + "# new\n" for name, text in FILES.items()}
    blocked = paths.units / "app.service.d/.50-portreeve.conf.portreeve-new"
    blocked.mkdir()
    with pytest.raises(Failed):
        put(paths, new)
    blocked.rmdir()
    assert put(paths, new).written == (paths.units / "app.service.d/50-portreeve.conf",)
    remove(paths, None, force=False)
    assert listing(paths) == set()


def test_a_manifest_that_cannot_be_understood_stops_everything(paths: Paths) -> None:
    put(paths, FILES)
    (paths.state / "units.json").write_text("{")
    with pytest.raises(Failed) as caught:
        remove(paths, None, force=False)
    assert caught.value.reason is Reason.STATE_UNUSABLE
    assert "portreeve.service" in listing(paths)


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed")
def test_systemd_reads_its_files_anew_only_when_something_changed(paths: Paths, tmp_path: Path) -> None:
    with fake_systemd(tmp_path) as manager:
        systemd = Systemd(manager.address)
        install(FILES, paths, systemd, force=False, prune=True)
        install(FILES, paths, systemd, force=False, prune=True)
        assert manager.calls == ["Reload"]
        remove(paths, systemd, force=False)
        remove(paths, systemd, force=False)
        assert manager.calls == ["Reload", "Reload"]


def test_without_permission_it_is_refused_and_nothing_is_written(paths: Paths) -> None:
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("only setpriv can take root's powers away")
    code = (
        "import sys; from pathlib import Path\n"
        "from portreeve.errors import Refused\nfrom portreeve.paths import Paths\n"
        "from portreeve.systemd.install import install\n"
        "paths = Paths(Path(sys.argv[1]))\n"
        "try:\n    install({'x.service': '[Unit]'}, paths, None, force=False, prune=True)\n"
        "except Refused as error:\n    sys.exit(int(error.exit_code))"
    )

    command = [sys.executable, "-c", code, str(paths.root)]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--", *command]
    paths.root.chmod(0o555)
    paths.units.chmod(0o555)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, env=environment, check=False, timeout=30)
    paths.root.chmod(0o755)
    paths.units.chmod(0o755)
    assert done.returncode == ExitCode.REFUSED
    assert listing(paths) == set()
