"""What holds for any bytes that a container writes, in a form that fuzzers call.

Hypothesis does so in the unit tests, and atheris for as long as one likes (``atheris_run.py``).
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from portreeve.definitions.model import Format, Scalar, Value, ValueType
from portreeve.errors import Waiting
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse
from portreeve.sources.lookup import lookup
from portreeve.sources.values import typed

SECONDS = 2.0
"""For one input of a few kilobytes; a parser that is not linear takes more."""

_MOST_LOOKED_AT = 5
_LONGEST_MESSAGE = 400
_PATTERN = "(a|b|[0-9]+)*x?"


def read_any(format_: Format, data: bytes) -> bool:
    """Parse the bytes, look up what is in them, and make every type of it.

    Returns:
        Whether they were of the format.

    Raises:
        AssertionError: something else came of it than values and the errors that are meant for it.
    """
    found: Mapping[str, Any] | None
    began = time.process_time()
    try:
        found = parse(format_, data)
    except FormatError as error:
        found, said = None, str(error)
    assert time.process_time() - began < SECONDS
    if found is None:
        assert 0 < len(said) < _LONGEST_MESSAGE
        return False
    assert isinstance(found, Mapping)
    for count, (path, raw) in enumerate(_leaves(found, ())):
        if count == _MOST_LOOKED_AT:
            break
        for type_ in ValueType:
            _type_of(type_, path, raw, found)
    return True


def _type_of(type_: ValueType, path: tuple[str, ...], raw: Any, data: Mapping[str, Any]) -> None:
    choices = ("a", 1, True) if type_ is ValueType.ENUM else ()
    value = Value("it", "app", path, type_, choices=choices, pattern=_PATTERN)
    try:
        assert lookup(value, data) is raw
        made = typed(value, raw)
    except Waiting as error:
        evidence = error.evidence
    else:
        evidence = ""
        _check_made(type_, made)
    assert len(evidence) < _LONGEST_MESSAGE + len(".".join(path))


def _check_made(type_: ValueType, made: Scalar | tuple[Scalar, ...]) -> None:
    for each in made if isinstance(made, tuple) else (made,):
        text = str(each)
        text.encode()
        assert "\0" not in text
        assert text.isprintable() or type_ is ValueType.TEXT


def _leaves(here: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """What is not a table, with the way to it; a stack, since a file may be deep."""
    stack = [(path, here)]
    while stack:
        path, here = stack.pop()
        if isinstance(here, Mapping):
            stack += [((*path, key), each) for key, each in here.items() if isinstance(key, str)]
        else:
            yield path, here
