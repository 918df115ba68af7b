"""The sources of the Debian package agree with the rest of the checkout."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from portreeve import __version__
from portreeve.cli.examine_host import UNIT_FILES
from portreeve.systemd.generate import OWN_UNITS

TOP = Path(__file__).resolve().parents[2]
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


@pytest.fixture(scope="module")
def venv() -> ModuleType:
    specification = importlib.util.spec_from_file_location("venv_of_packages", TOP / "packaging/venv.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_version_of_the_package_is_that_of_the_program() -> None:
    latest = (TOP / "debian/changelog").read_text().splitlines()[0]
    assert re.fullmatch(rf"portreeve \({re.escape(__version__)}-\d+\) \S+; urgency=\w+", latest)


def test_every_unit_of_the_agent_is_packaged_under_a_name_that_debhelper_takes() -> None:
    cleaned = (TOP / "debian/clean").read_text()
    rules = (TOP / "debian/rules").read_text()
    for unit in OWN_UNITS:
        prefix, at, _ = unit.partition("@")
        assert f"debian/{f'portreeve.{unit}' if at else unit}\n" in cleaned
        assert not at or f"--name {prefix}@" in rules
    assert set(OWN_UNITS) == set(UNIT_FILES)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_maintainer_script_waits_for_nothing_without_a_bound_and_reads_nothing(name: str) -> None:
    script = (TOP / "debian" / name).read_text()
    calls = [
        line.strip()
        for line in script.splitlines()
        if re.search(r"(^|\s|/)(portreeve|deb-systemd-invoke|systemctl) [a-z-]", line)
    ]
    calls = [call for call in calls if not call.startswith(("#", "echo"))]
    for call in calls:
        assert "timeout" in call or "portreeve hook" in call, call
        assert "systemd-invoke" in call or "systemctl" in call or "</dev/null" in call, call


def test_a_wheel_that_somebody_built_is_locked_where_its_author_publishes_a_source_alone(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "only-source==1.0 \\\n    --hash=sha256:aa\n    # via nobody\n"
        "with-wheels==2.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    )
    monkeypatch.setattr(venv, "LOCK", lock)
    for name in ("only_source-1.0-py3-none-any.whl", "with_wheels-2.0-py3-none-any.whl"):
        (tmp_path / name).write_text(name)
    text = "\n".join(venv._lock_with_built(tmp_path))
    built = hashlib.sha256(b"only_source-1.0-py3-none-any.whl").hexdigest()
    assert text == (
        f"only-source==1.0 \\\n    --hash=sha256:{built} \\\n    --hash=sha256:aa\n    # via nobody\n"
        "with-wheels==2.0 \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc\n"
    )


def test_a_wheelhouse_with_no_wheel_of_the_project_or_with_two_is_refused(
    venv: ModuleType, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match="0 wheels"):
        venv._project_wheel(tmp_path)
    for version in ("1", "2"):
        (tmp_path / f"portreeve-{version}-py3-none-any.whl").touch()
    with pytest.raises(SystemExit, match="2 wheels"):
        venv._project_wheel(tmp_path)


def test_a_wheel_of_another_source_is_refused(
    venv: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    for folder in (source, installed):
        folder.mkdir()
        (folder / "paths.py").write_text("# the same\n")
    monkeypatch.setattr(venv, "PACKAGE", source)
    venv._refuse_stale(installed)
    (source / "paths.py").write_text("# newer\n")
    with pytest.raises(SystemExit, match=r"paths\.py differs"):
        venv._refuse_stale(installed)
