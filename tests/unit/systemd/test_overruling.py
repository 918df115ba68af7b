"""A drop-in of a package that sorts after one of ours may take back what ours says."""

from pathlib import Path

import pytest

from portreeve.systemd.overruling import overruled_by

OURS = "etc/listen.conf", "[Socket]\nListenStream=\nListenStream=9000\n"


def overruled(folder: Path, *files: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    """By which files of packages ours is overruled; ``files`` in systemd's order, ours among them."""
    paths = []
    for name, text in files:
        paths.append(folder / name)
        paths[-1].parent.mkdir(exist_ok=True)
        paths[-1].write_text(text)
    found = overruled_by(folder / OURS[0], paths, (folder / "usr",))
    return {path.name: keys for path, keys in found.items()}


@pytest.mark.parametrize("text", ["ListenStream=9191", "ListenStream=\nListenStream=9191", "ListenStream="])
def test_a_later_one_that_sets_what_ours_took_for_itself_overrules_it(tmp_path: Path, text: str) -> None:
    assert overruled(tmp_path, OURS, ("usr/zz.conf", f"[Socket]\n{text}\n")) == {"zz.conf": ("ListenStream",)}


def test_an_earlier_one_does_not(tmp_path: Path) -> None:
    assert overruled(tmp_path, ("usr/aa.conf", "[Socket]\nListenStream=9191\n"), OURS) == {}


@pytest.mark.parametrize(
    "text",
    [
        "[Socket]\nBacklog=77\n",
        "[Service]\nListenStream=9191\n",
        "[Socket]\nListenStream=\nListenStream=9000\n",
        "what is this",
    ],
)
def test_a_later_one_that_leaves_what_ours_says_in_force_does_not(tmp_path: Path, text: str) -> None:
    assert overruled(tmp_path, OURS, ("usr/zz.conf", text)) == {}


def test_an_administrators_own_may_overrule_it_and_undo_what_a_package_does(tmp_path: Path) -> None:
    package = "usr/zz.conf", "[Socket]\nListenStream=9191\n"
    assert overruled(tmp_path, OURS, ("etc/zz.conf", "[Socket]\nListenStream=443\n")) == {}
    assert overruled(tmp_path, OURS, package, ("etc/zzz.conf", OURS[1])) == {}


def test_a_key_that_ours_only_adds_to_is_lost_only_when_it_is_taken_back(tmp_path: Path) -> None:
    ours = OURS[0], "[Service]\nEnvironment=A=1\n"
    assert overruled(tmp_path, ours, ("usr/zz.conf", "[Service]\nEnvironment=B=2\n")) == {}
    lost = overruled(tmp_path, ours, ("usr/zz.conf", "[Service]\nEnvironment=\nEnvironment=B=2\n"))
    assert lost == {"zz.conf": ("Environment",)}


def test_one_that_went_a_moment_ago_and_a_unit_that_has_not_read_ours_overrule_nothing(
    tmp_path: Path,
) -> None:
    assert overruled_by(tmp_path / "listen.conf", (tmp_path / "zz.conf",), (tmp_path,)) == {}
    (tmp_path / "listen.conf").write_text(OURS[1])
    paths = (tmp_path / "listen.conf", tmp_path / "zz.conf")
    assert overruled_by(paths[0], paths, (tmp_path,)) == {}
