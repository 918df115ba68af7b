"""INI and unit files: one line changes, the rest stays."""

import pytest

from portreeve.definitions.model import Format
from portreeve.edits.edit import edit, read
from portreeve.edits.errors import EditError


def test_a_value_is_replaced_between_its_blanks_and_its_comment() -> None:
    before = b"[server]\n  port :  8080   ; where it listens\n"
    assert edit(Format.INI, before, {("server", "port"): 9000}) == before.replace(b"8080", b"9000")


def test_quotes_round_a_value_stay() -> None:
    before = b"[Session]\nsession.save_path = \"/var/lib/php\"\nname = 'x y'\n"
    after = edit(Format.INI, before, {("Session", "session.save_path"): "/srv", ("Session", "name"): "z"})
    assert after == b"[Session]\nsession.save_path = \"/srv\"\nname = 'z'\n"


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_line_endings_byte_order_mark_and_a_missing_last_ending_stay(format_: Format) -> None:
    before = b"\xef\xbb\xbf[a]\r\nx=1\r\ny=2"
    assert edit(format_, before, {("a", "y"): 3}) == b"\xef\xbb\xbf[a]\r\nx=1\r\ny=3"
    assert edit(format_, before, {("a", "z"): 3}) == b"\xef\xbb\xbf[a]\r\nx=1\r\ny=2\r\nz=3"


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_a_missing_key_comes_to_the_end_of_its_section(format_: Format) -> None:
    before = b"[a]\nx=1\n#y=2\n\n[b]\nx=1\n"
    assert edit(format_, before, {("a", "z"): "3"}) == b"[a]\nx=1\nz=3\n#y=2\n\n[b]\nx=1\n"


def test_a_missing_key_is_written_as_the_file_writes_keys() -> None:
    assert edit(Format.INI, b"[a]\n\tx: 1\n", {("a", "z"): "3"}) == b"[a]\n\tx: 1\n\tz: 3\n"


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_a_missing_section_is_appended(format_: Format) -> None:
    assert edit(format_, b"[a]\nx=1\n", {("b", "z"): "3"}) == b"[a]\nx=1\n\n[b]\nz=3\n"


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_a_removed_key_takes_its_line_with_it(format_: Format) -> None:
    assert edit(format_, b"[a]\nx=1\ny=2\n", {("a", "x"): None}) == b"[a]\ny=2\n"


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_a_key_that_was_added_and_is_removed_leaves_the_bytes_of_before(format_: Format) -> None:
    for before in (b"[a]\nx=1", b"[a]\nx=1\n\n", b"[a]", b"[a]\n# c\n[b]\n"):
        assert edit(format_, edit(format_, before, {("a", "y"): "2"}), {("a", "y"): None}) == before


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
def test_a_key_that_is_commented_out_stays_so(format_: Format) -> None:
    before = b"[a]\n#x=1\n;x=2\n"
    assert read(format_, before, ("a", "x")) is None
    assert b"\n#x=1\n;x=2\n" in edit(format_, before, {("a", "x"): "3"})


@pytest.mark.parametrize("format_", [Format.INI, Format.UNIT])
@pytest.mark.parametrize(("before", "after"), [("yes", "no"), ("On", "Off"), ("1", "0"), ("TRUE", "FALSE")])
def test_a_truth_is_written_in_the_words_of_the_file(format_: Format, before: str, after: str) -> None:
    file = f"[a]\nx={before}\n".encode()
    assert edit(format_, file, {("a", "x"): True}) == file
    assert edit(format_, file, {("a", "x"): False}) == f"[a]\nx={after}\n".encode()


def test_a_doubled_key_of_an_ini_file_is_ambiguous() -> None:
    with pytest.raises(EditError, match=r"line 3: a\.x stands here for the second time"):
        edit(Format.INI, b"[a]\nx=1\nx=2\n", {("a", "x"): "3"})


def test_an_ini_value_of_several_lines_becomes_one_line() -> None:
    before = b"[a]\nx = 1\n    2\n\ny = 3\n"
    assert read(Format.INI, before, ("a", "x")) == "1\n2"
    assert edit(Format.INI, before, {("a", "x"): "4"}) == b"[a]\nx = 4\n\ny = 3\n"


def test_comments_between_the_lines_of_a_value_are_not_lost() -> None:
    with pytest.raises(EditError, match="comments"):
        edit(Format.INI, b"[a]\nx = 1\n# c\n  2\n", {("a", "x"): "4"})
    with pytest.raises(EditError, match="comments"):
        edit(Format.UNIT, b"[a]\nx = 1 \\\n# c\n  2\n", {("a", "x"): "4"})


def test_the_last_value_of_an_ini_file_may_not_swallow_the_next_line() -> None:
    with pytest.raises(EditError):
        edit(Format.INI, b"[a]\nx = 1\ny = 2\n", {("a", "x"): "C:\\"})


def test_a_repeated_key_of_a_unit_becomes_one_at_the_place_of_the_first() -> None:
    before = b"[Service]\nExecStartPre=/a\n# why\nExecStartPre=/b\nType=simple\n"
    assert read(Format.UNIT, before, ("Service", "ExecStartPre")) == "/a\n/b"
    after = edit(Format.UNIT, before, {("Service", "ExecStartPre"): "/c"})
    assert after == b"[Service]\nExecStartPre=/c\n# why\nType=simple\n"


def test_an_empty_assignment_that_resets_a_list_stays_before_the_new_value() -> None:
    before = b"[Socket]\nListenStream=\nListenStream=9090\n"
    assert edit(Format.UNIT, before, {("Socket", "ListenStream"): 9000}) == before.replace(b"9090", b"9000")
    reset = b"[Socket]\nListenStream=\n"
    assert edit(Format.UNIT, reset, {("Socket", "ListenStream"): 9090}) == before
    assert edit(Format.UNIT, before, {("Socket", "ListenStream"): ""}) == reset


def test_a_unit_line_that_goes_on_is_one_value() -> None:
    before = b"[Service]\nExecStart=/bin/x \\\n  --a\nType=simple\n"
    assert read(Format.UNIT, before, ("Service", "ExecStart")) == "/bin/x  --a"
    assert (
        edit(Format.UNIT, before, {("Service", "ExecStart"): "/y"})
        == b"[Service]\nExecStart=/y\nType=simple\n"
    )
