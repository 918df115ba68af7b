"""Env files: read alike by systemd and by a shell, before and after an edit."""

import shutil
import subprocess

import pytest

from portreeve.definitions.model import Format
from portreeve.edits.edit import edit, read
from portreeve.edits.errors import EditError
from portreeve.sources.formats import env

HOSTILE = [
    "a b",
    "$(id)",
    "`id`",
    "a;b",
    "it's",
    'say "x"',
    "a\\",
    "#x",
    "a #b",
    "~",
    "%s",
    "a&&b",
    "é",
    "",
    "!x",
]


def test_a_value_keeps_its_quotes_export_and_comment() -> None:
    before = b"# c\nexport A=\"x\"  # why\nB='y'\nC=z\n"
    after = edit(Format.ENV, before, {("A",): "1", ("B",): "2", ("C",): 3})
    assert after == b"# c\nexport A=\"1\"  # why\nB='2'\nC=3\n"


def test_a_missing_name_is_appended_as_the_others_are_written() -> None:
    assert edit(Format.ENV, b"A=1", {("B",): "2"}) == b"A=1\nB=2"
    assert edit(Format.ENV, b"export A=1\r\n", {("B",): "2 3"}) == b'export A=1\r\nexport B="2 3"\r\n'


def test_a_removed_name_takes_its_line_with_it() -> None:
    assert edit(Format.ENV, b"A=1\nB=2\nC=3", {("C",): None, ("A",): None}) == b"B=2"


@pytest.mark.parametrize("style", ["A=x\n", 'A="x"\n', "A='x'\n", ""])
@pytest.mark.parametrize("value", HOSTILE)
def test_a_shell_and_the_reader_both_read_what_was_written(style: str, value: str) -> None:
    after = edit(Format.ENV, f"B=before\n{style}".encode(), {("A",): value})
    assert read(Format.ENV, after, ("A",)) == value
    assert env.parse(after) == {"A": value, "B": "before"}
    shell = shutil.which("sh") or "/bin/sh"
    script = after.decode() + 'printf %s "$A|$B"'
    ran = subprocess.run(
        [shell, "-c", script], capture_output=True, timeout=20, check=True, env={"HOME": "/x"}
    )
    assert ran.stdout.decode() == f"{value}|before"


@pytest.mark.parametrize("raw", ['"$B x"', "`id`", "a;export", 'a"b"', "a\\ b", "$B"])
def test_a_value_that_a_shell_would_expand_is_not_touched(raw: str) -> None:
    with pytest.raises(EditError, match="line 2"):
        edit(Format.ENV, f"B=1\nA={raw}\n".encode(), {("A",): "x"})


def test_a_name_that_stands_twice_is_ambiguous() -> None:
    with pytest.raises(EditError, match="line 2: A stands here for the second time"):
        edit(Format.ENV, b"A=1\nA=2\n", {("A",): "3"})


@pytest.mark.parametrize("name", ["A B", "A=", "1A", "A;", "#A"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(EditError):
        edit(Format.ENV, b"A=1\n", {(name,): "x"})
