"""Memory of a unit's processes, added up where no control group counts it."""

import os
import subprocess
from pathlib import Path

import pytest

from portreeve.systemd.unit_memory import resident

PAGE = os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two control groups' folders and two processes, of 10 and 20 pages."""
    for pid, pages in ((11, 10), (22, 20)):
        (tmp_path / f"proc/{pid}").mkdir(parents=True)
        (tmp_path / f"proc/{pid}/statm").write_text(f"999 {pages} 1 1 0 1 0\n")
    return tmp_path


def group(tree: Path, name: str, *pids: int) -> None:
    folder = tree / "cgroup" / name
    folder.mkdir(parents=True)
    (folder / "cgroup.procs").write_text("".join(f"{pid}\n" for pid in pids))


@pytest.mark.parametrize("hierarchy", ["", "unified/", "systemd/"])
def test_all_processes_of_a_group_and_of_those_within_count(tree: Path, hierarchy: str) -> None:
    group(tree, f"{hierarchy}system.slice/app.service", 11)
    group(tree, f"{hierarchy}system.slice/app.service/inner", 22)
    assert resident("/system.slice/app.service", tree / "cgroup", tree / "proc") == 30 * PAGE


def test_a_process_that_has_just_ended_has_none(tree: Path) -> None:
    group(tree, "system.slice/app.service", 11, 33)
    assert resident("/system.slice/app.service", tree / "cgroup", tree / "proc") == 10 * PAGE


@pytest.mark.parametrize("name", ["/system.slice/gone.service", "", "/"])
def test_a_group_that_is_not_there_has_no_memory_and_is_not_the_whole_host(tree: Path, name: str) -> None:
    group(tree, "", 11)
    assert resident(name, tree / "cgroup", tree / "proc") is None


def test_the_memory_of_a_real_process_is_found(tree: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        group(tree, "system.slice/app.service", child.pid)
        try:
            found = resident("/system.slice/app.service", tree / "cgroup")
        finally:
            child.kill()
    assert found is not None
    assert 0 < found < 1 << 30
