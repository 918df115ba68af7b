"""Taking secrets out of what people see."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.errors import Failed, Reason
from portreeve.reconcile.masking import MASK, masked, withheld

SECRET = 's3cr€t/"&word'


@pytest.mark.parametrize("text", [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), repr(SECRET)])
def test_a_secret_is_taken_out_however_it_is_spelled(text: str) -> None:
    told = masked(f"GET http://u:{text}@host/ failed", [SECRET])
    assert "word" not in told
    assert told.startswith("GET http://u:")
    assert told.endswith("@host/ failed")


def test_a_part_of_a_secret_is_taken_out_since_evidence_is_cut() -> None:
    assert masked("cut here: 0123456789abc", ["xxx0123456789abcdefghi"]) == f"cut here: {MASK}"


def test_a_short_secret_is_taken_out_whole() -> None:
    assert masked("pin 42, code 4", ["42"]) == f"pin {MASK}, code 4"


def test_each_line_of_a_secret_is_one() -> None:
    assert masked("line 2 is secondline", ["firstline\nsecondline"]) == f"line 2 is {MASK}"


def test_without_secrets_a_text_stays() -> None:
    assert masked("as it is", ["", "other"]) == "as it is"


@given(st.text(min_size=1), st.text(), st.text())
def test_a_secret_is_never_in_what_is_left(secret: str, before: str, after: str) -> None:
    told = masked(before + secret + after, [secret])
    assert secret not in told or secret in MASK


def test_an_error_that_passes_loses_its_secrets() -> None:
    with pytest.raises(Failed) as caught, withheld(["geheim"]):
        raise Failed(Reason.CHECK_FAILED, "what geheim", evidence="e geheim", hint="h geheim")
    assert "geheim" not in f"{caught.value} {caught.value.hint} {caught.value.args}"
