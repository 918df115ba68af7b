"""``portreeve units``, below a root of its own."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portreeve.cli.units import command
from portreeve.errors import Misuse, Refused

SERVICE = 'unit = "app.service"\nrequires = ["docker"]\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PORTREEVE_ROOT", str(tmp_path))
    (tmp_path / "etc/systemd/system").mkdir(parents=True)
    services = tmp_path / "etc/portreeve/services.d"
    services.mkdir(parents=True)
    (services / "app.toml").write_text(SERVICE)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


def units(root: Path) -> set[str]:
    folder = root / "etc/systemd/system"
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_show_prints_every_unit_under_its_name(root: Path) -> None:
    output = run("show", "--program", "/usr/bin/portreeve").output
    assert "# ---- portreeve.service" in output
    assert "# ---- app.service.d/50-portreeve.conf" in output
    assert "ExecStart=/usr/bin/portreeve run" in output


def test_show_of_one_unit_prints_its_file_alone(root: Path) -> None:
    assert "After=docker.service" in run("show", "app.service").output
    assert "ExecStart" not in run("show", "app.service").output


def test_show_of_an_unknown_unit_tells_the_known_ones(root: Path) -> None:
    with pytest.raises(Misuse) as caught:
        run("show", "ap.service")
    assert "app.service.d/50-portreeve.conf" in caught.value.hint


def test_show_speaks_json(root: Path) -> None:
    shown = json.loads(run("show", "--output", "json").output)
    assert set(shown["units"]) == {
        "portreeve.service",
        "portreeve-sync@.service",
        "portreeve-container@.service",
        "app.service.d/50-portreeve.conf",
    }


def test_install_and_remove_tell_what_they_did_and_leave_nothing(root: Path) -> None:
    told = json.loads(run("install", "--output", "json").output)
    assert len(told["written"]) == 4
    assert len(units(root)) == 4
    assert run("install").output == "nothing to do\n"
    assert "removed: " in run("remove").output
    assert units(root) == set()


def test_units_name_the_program_by_the_path_that_survives_an_upgrade(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = root / "opt/venv-1/bin/portreeve"
    program.parent.mkdir(parents=True)
    program.write_text("")
    (root / "opt/venv").symlink_to("venv-1")
    called = root / "bin/portreeve"
    called.parent.mkdir()
    called.symlink_to("../opt/venv/bin/portreeve")
    monkeypatch.setattr("sys.executable", str(program.with_name("python")))
    monkeypatch.setattr("sys.argv", [str(called), "units", "show"])
    shown = run("show", "portreeve.service").output
    assert f"ExecStart={root}/opt/venv/bin/portreeve run" in shown.replace("/bin/../", "/")
    monkeypatch.setattr("sys.argv", ["/elsewhere/pytest"])
    assert f"ExecStart={program} run" in run("show", "portreeve.service").output


def test_remove_refuses_an_edited_file_without_force(root: Path) -> None:
    run("install")
    (root / "etc/systemd/system/portreeve.service").write_text("mine")
    with pytest.raises(Refused):
        run("remove")
    run("remove", "--force")
    assert units(root) == set()


def test_a_definition_that_broke_does_not_take_its_drop_in_away(root: Path) -> None:
    run("install")
    (root / "etc/portreeve/services.d/app.toml").write_text("unit = ")
    assert "services.d/app is not valid" in run("install").stderr
    assert "app.service.d/50-portreeve.conf" in units(root)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_verify_has_systemd_judge_what_is_generated(root: Path) -> None:
    assert "no problems" in run("verify", "--program", "/bin/true").output
