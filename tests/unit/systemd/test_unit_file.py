"""Unit files as systemd.syntax(7) defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.errors import Failed
from portreeve.systemd.unit_file import UnitFile

_printable = st.characters(exclude_categories=("Cc", "Cs"))
_names = st.text(st.characters(categories=("L", "N"), include_characters="-"), min_size=1)
_values = st.text(_printable).map(lambda text: text.strip(" \t").rstrip("\\"))
_sections = st.lists(
    st.tuples(_names, st.lists(st.tuples(_names, _values), max_size=5).map(tuple)), max_size=4
).map(tuple)


@given(_sections)
def test_what_is_written_is_read_back_the_same(
    sections: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
) -> None:
    assert UnitFile.parse(UnitFile(sections).serialise()) == UnitFile(sections)


@given(st.text())
def test_any_text_is_parsed_or_refused_and_what_is_parsed_is_stable(text: str) -> None:
    try:
        unit = UnitFile.parse(text)
        written = unit.serialise()
    except Failed:
        return
    assert UnitFile.parse(written) == unit


def test_keys_repeat_and_keep_their_order() -> None:
    unit = UnitFile.parse("[Socket]\nListenStream=\nListenStream=9000\nListenStream=9001\n")
    assert unit.sections == (
        ("Socket", (("ListenStream", ""), ("ListenStream", "9000"), ("ListenStream", "9001"))),
    )


def test_an_empty_value_forgets_those_before_it() -> None:
    unit = UnitFile.parse("[Socket]\nListenStream=9090\nListenStream=\nListenStream=9000\n")
    assert unit.values("Socket", "ListenStream") == ("9000",)


def test_a_line_continues_and_a_comment_within_is_skipped() -> None:
    unit = UnitFile.parse("[Service]\nExecStart=a \\\n# why\n  b\n; end\n")
    assert unit.values("Service", "ExecStart") == ("a  b",)


def test_two_backslashes_at_the_end_do_not_continue_a_line() -> None:
    unit = UnitFile.parse("[A]\nX=a\\\\\nY=b\n")
    assert unit.values("A", "X") == ("a\\\\",)
    assert unit.values("A", "Y") == ("b",)


@pytest.mark.parametrize("text", ["[A", "[A]\nnonsense", "X=1", "[A]\n=1", "[]"])
def test_what_is_no_unit_file_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(Failed) as caught:
        UnitFile.parse(text)
    assert caught.value.evidence.startswith("line ")


@pytest.mark.parametrize("value", ["a\nExecStart=/bin/sh", "a\\", " a", "a\x00"])
def test_a_value_that_would_become_something_else_is_not_written(value: str) -> None:
    with pytest.raises(Failed):
        UnitFile((("Service", (("X", value),)),)).serialise()
