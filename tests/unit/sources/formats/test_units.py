"""Unit files: what repeats is a list, what is reset is forgotten."""

from typing import Any

import pytest

from portreeve.definitions.model import Format
from portreeve.sources.formats.parse import parse


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[Socket]\nListenStream=9000", {"Socket": {"ListenStream": "9000"}}),
        ("[S]\nA=1\nA=2", {"S": {"A": ["1", "2"]}}),
        ("[S]\nA=1\nA=\nA=2", {"S": {"A": "2"}}),
        ("[S]\nA=1\nA=", {"S": {"A": ""}}),
        ("[S]\nA=1\n[T]\nB=1\n[S]\nA=2", {"S": {"A": ["1", "2"]}, "T": {"B": "1"}}),
        ("[S]\nA=x \\\n# c\n; c\n  y", {"S": {"A": "x  y"}}),
        ("\ufeff[S]\r\nA = 1 \r\n", {"S": {"A": "1"}}),
        ("[S]\nA=50% ${x} \"q\" 'r' \\t =", {"S": {"A": "50% ${x} \"q\" 'r' \\t ="}}),
        ("# c\n\n", {}),
    ],
)
def test_unit_files_follow_systemds_rules(text: str, found: Any) -> None:
    assert parse(Format.UNIT, text.encode()) == found
