"""The type of a port, by a semanage that behaves as its manual page says."""

import os
from pathlib import Path

import pytest

from fakes.host_tools import Semanage
from portreeve.actions.selinux import label_port
from portreeve.definitions.steps import SelinuxPort
from portreeve.errors import Failed, Reason

STEP = SelinuxPort("9000", "websm_port_t")


@pytest.fixture
def selinux(tmp_path: Path) -> Path:
    folder = tmp_path / "selinux"
    folder.mkdir()
    (folder / "enforce").write_text("1")
    return folder


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_a_port_without_a_type_gets_it(programs: Path, selinux: Path) -> None:
    semanage = Semanage(programs, "websm_port_t tcp 9090")
    assert label_port(STEP, selinux=selinux) == ""
    assert semanage.changes == ["port -a -t websm_port_t -p tcp 9000"]


def test_a_port_of_another_type_gets_this_one(programs: Path, selinux: Path) -> None:
    semanage = Semanage(programs, "http_port_t tcp 80, 9000", "websm_port_t tcp 9090")
    assert label_port(STEP, selinux=selinux) == ""
    assert semanage.changes[-1] == "port -m -t websm_port_t -p tcp 9000"


def test_a_port_that_has_its_type_is_left_alone(programs: Path, selinux: Path) -> None:
    semanage = Semanage(programs, "websm_port_t udp 9001", "websm_port_t tcp 9090, 9000")
    assert label_port(STEP, selinux=selinux) == ""
    assert semanage.changes == []


def test_nothing_is_done_where_selinux_is_off(programs: Path, tmp_path: Path) -> None:
    semanage = Semanage(programs)
    assert label_port(STEP, selinux=tmp_path / "nothing") == "SELinux is off"
    assert semanage.changes == []


def test_nothing_is_done_without_semanage(
    tmp_path: Path, selinux: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert label_port(STEP, selinux=selinux) == "semanage is not installed"


def test_what_semanage_refuses_is_named(programs: Path, selinux: Path) -> None:
    program = programs / "semanage"
    program.write_text('#!/bin/sh\ntest "$2" = -l || { echo "ValueError: Type no_t is invalid"; exit 1; }\n')
    program.chmod(0o755)
    with pytest.raises(Failed) as caught:
        label_port(STEP, selinux=selinux)
    assert (caught.value.reason, "no_t is invalid" in caught.value.evidence) == (Reason.TOOL_FAILED, True)


@pytest.mark.parametrize("port", ["-D", "1-65535", "9000 -D", ""])
def test_what_is_no_single_port_never_reaches_semanage(programs: Path, selinux: Path, port: str) -> None:
    semanage = Semanage(programs)
    with pytest.raises(Failed) as caught:
        label_port(SelinuxPort(port, "websm_port_t"), selinux=selinux)
    assert (caught.value.reason, semanage.changes) == (Reason.VALUE_INVALID, [])
