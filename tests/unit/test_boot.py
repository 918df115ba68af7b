"""One boot is told from the next, also where the kernel's id of it does not tell."""

from pathlib import Path

from portreeve.boot import boot_id


def booted(root: Path, kernel: str, began: int) -> str:
    (root / "proc/1").mkdir(parents=True, exist_ok=True)
    (root / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (root / "proc/sys/kernel/random/boot_id").write_text(f"{kernel}\n")
    fields = " ".join(map(str, range(2, 20)))
    (root / "proc/1/stat").write_text(f"1 (a (b) c) S {fields} {began} 0\n")
    return boot_id(root)


def test_a_boot_is_told_from_another(tmp_path: Path) -> None:
    assert len({booted(tmp_path, "5bd8a4e5", 27), booted(tmp_path, "77ab02c1", 27)}) == 2
    assert len({booted(tmp_path, "5bd8a4e5", 700), booted(tmp_path, "5bd8a4e5", 900)}) == 2
    assert boot_id() == boot_id() != ""
    assert boot_id(tmp_path / "nothing") == ""


def test_in_a_container_a_kernel_s_id_that_not_all_see_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "run/systemd").mkdir(parents=True)
    (tmp_path / "run/systemd/container").write_text("systemd-nspawn\n")
    assert booted(tmp_path, "5bd8a4e5", 700) == booted(tmp_path, "77ab02c1", 700)
    assert booted(tmp_path, "5bd8a4e5", 700) != booted(tmp_path, "5bd8a4e5", 900)
