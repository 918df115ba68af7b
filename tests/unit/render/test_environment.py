"""Rendering templates."""

from pathlib import Path

import pytest

from portreeve.errors import Failed, Reason
from portreeve.render.environment import Renderer


def test_a_file_is_rendered_with_its_last_line_break(tmp_path: Path) -> None:
    (tmp_path / "a.j2").write_text("port {{ port }}\n")
    assert Renderer([tmp_path]).file("a.j2", {"port": 9000}) == "port 9000\n"


def test_the_first_folder_that_has_a_template_wins(tmp_path: Path) -> None:
    for name in ("etc", "usr"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.j2").write_text(name)
    renderer = Renderer([tmp_path / "etc", tmp_path / "usr"])
    assert renderer.file("a.j2", {}) == "etc"
    (tmp_path / "etc/a.j2").unlink()
    assert renderer.file("a.j2", {}) == "usr"
    (tmp_path / "etc/a.j2").write_text("etc again")
    assert renderer.file("a.j2", {}) == "etc again"


def test_a_masked_template_is_as_good_as_missing(tmp_path: Path) -> None:
    for name in ("etc", "usr"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc/a.j2").symlink_to("/dev/null")
    (tmp_path / "usr/a.j2").write_text("usr")
    with pytest.raises(Failed) as caught:
        Renderer([tmp_path / "etc", tmp_path / "usr"]).file("a.j2", {})
    assert "no such template" in caught.value.evidence


def test_a_template_that_is_kept_is_rendered_as_it_was_whatever_becomes_of_its_file(tmp_path: Path) -> None:
    mine, shipped = tmp_path / "mine", tmp_path / "shipped"
    mine.mkdir()
    renderer = Renderer((mine, shipped), kept={shipped / "a.j2": "kept {{ x }}"})
    assert renderer.file("a.j2", {"x": 1}) == "kept 1"
    shipped.mkdir()
    (shipped / "a.j2").write_text("of another version {{ x }}")
    assert renderer.file("a.j2", {"x": 2}) == "kept 2"
    (mine / "a.j2").write_text("mine {{ x }}")
    assert renderer.file("a.j2", {"x": 3}) == "mine 3"
    (mine / "a.j2").unlink()
    assert renderer.file("a.j2", {"x": 4}) == "kept 4"
    (mine / "a.j2").symlink_to("/dev/null")
    with pytest.raises(Failed):
        renderer.file("a.j2", {"x": 5})


def test_a_missing_value_is_an_error_and_not_an_empty_text(tmp_path: Path) -> None:
    with pytest.raises(Failed) as caught:
        Renderer([]).text("{{ prot }}", {"port": 1})
    assert caught.value.reason is Reason.TEMPLATE_FAILED
    assert "prot" in caught.value.evidence


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ values.clear() }}",
        "{{ 1 // 0 }}",
        "{% include 'no-such.j2' %}",
        "{{ port | no_such_filter }}",
        "{% for x in %}",
    ],
)
def test_what_a_template_must_not_do_or_cannot_is_one_kind_of_error(template: str) -> None:
    with pytest.raises(Failed) as caught:
        Renderer([]).text(template, {"port": 1, "values": {"port": 1}})
    assert caught.value.reason is Reason.TEMPLATE_FAILED


def test_a_template_cannot_leave_its_folders(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "templates").mkdir()
    with pytest.raises(Failed):
        Renderer([tmp_path / "templates"]).file("../secret", {})


def test_a_value_is_never_a_template_itself() -> None:
    assert Renderer([]).text("{{ name }}", {"name": "{{ 7 * 7 }}"}) == "{{ 7 * 7 }}"
