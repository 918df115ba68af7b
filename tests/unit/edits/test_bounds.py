"""A file made to take long takes no time, edited or refused."""

import time

import pytest

from portreeve.definitions.model import Format
from portreeve.edits.edit import EditError, edit

FILES = {
    "blanks without an end": (Format.INI, b"[a]\nx " + b"\t " * 50_000 + b"y\n", ("a", "x")),
    "lines that go on": (Format.INI, b"[a]\nx=1\n" + b" 2\n" * 20_000, ("a", "x")),
    "unit lines that go on": (Format.UNIT, b"[a]\nx=1 \\\n" + b"2 \\\n" * 20_000 + b"3\n", ("a", "x")),
    "a key that repeats": (Format.UNIT, b"[a]\n" + b"x=1\n" * 20_000, ("a", "x")),
    "keys of one mapping": (Format.YAML, b"".join(b"k%d: 1\n" % n for n in range(5_000)), ("k1",)),
    "blanks in JSON": (Format.JSON, b'{"a":' + b" " * 500_000 + b"1}", ("a",)),
    "one long value": (Format.ENV, b"A=" + b"x " * 100_000 + b"\n", ("A",)),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_made_to_take_long_is_soon_done(name: str) -> None:
    format_, data, key = FILES[name]
    begun = time.process_time()
    try:
        after = edit(format_, data, {key: "new"})
    except EditError:
        after = data
    assert time.process_time() - begun < 3
    assert len(after) <= len(data) + 10
