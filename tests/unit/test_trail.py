"""The trail of a path is every name that decides where it leads."""

from pathlib import Path

import pytest

from portreeve.trail import trail


def test_a_plain_path_is_its_own_trail(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").touch()
    assert trail(tmp_path / "a/b") == (tmp_path / "a/b",)


def test_it_breaks_off_at_the_first_name_that_is_missing(tmp_path: Path) -> None:
    assert trail(tmp_path / "a/b/c") == (tmp_path / "a",)


def test_it_breaks_off_at_a_file_that_should_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert trail(tmp_path / "a/b/c") == (tmp_path / "a",)


def test_links_are_on_it_where_they_are_met(tmp_path: Path) -> None:
    (tmp_path / "..data").symlink_to("2024")
    (tmp_path / "2024").mkdir()
    (tmp_path / "2024/config").touch()
    (tmp_path / "config").symlink_to("..data/config")
    assert trail(tmp_path / "config") == (
        tmp_path / "config",
        tmp_path / "..data",
        tmp_path / "2024/config",
    )


@pytest.mark.parametrize("target", ["/real", "../../../../../../../../../real", "x/../real"])
def test_links_stay_below_the_root(tmp_path: Path, target: str) -> None:
    root = tmp_path / "volume"
    root.mkdir()
    (root / "x").mkdir()
    (root / "real").touch()
    (root / "link").symlink_to(target)
    assert trail(Path("link"), root) == (root / "link", root / "real")


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert set(trail(tmp_path / "a")) == {tmp_path / "a", tmp_path / "b"}
