"""Patterns are RE2's: linear in time, and what they cannot have is refused by name."""

import time

import pytest

from portreeve.regex import PatternError, check, fullmatch, match


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)", "look-around, back-references and atomic groups take no bounded time"),
        ("(?<!a)b", "look-around"),
        (r"(a)\1", "back-references"),
        ("(?>a)", "atomic groups"),
        ("a++", "atomic groups"),
        (r"a\Z", r"the end of the text is \z"),
        ("(", "missing ): ("),
        ("(a{1000}){1000}", "invalid repetition size"),
    ],
)
def test_what_takes_no_linear_time_is_refused_by_name(pattern: str, why: str) -> None:
    with pytest.raises(PatternError) as caught:
        check(pattern)
    assert why in str(caught.value)


def test_groups_are_counted_where_their_number_matters() -> None:
    check("(a)(b)")
    check("(?:a)(b)", most_groups=1)
    with pytest.raises(PatternError, match="it has 2 groups and may have 1"):
        check("(a)(b)", most_groups=1)


def test_a_whole_match_is_of_all_of_the_text_and_knows_no_lines() -> None:
    assert fullmatch("[a-z]+", "abc")
    assert not fullmatch("[a-z]+", "abc\n")
    assert not fullmatch("^a$", "b\na")
    assert fullmatch("größe?", "größ")


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^port\s+(\d+)$", "# port 1\nport 9000\nport 9001\n", "9000"),
        (r"^port \d+$", "x\nport 9000", "port 9000"),
        (r"listen (.*);", "listen ;", ""),
        (r"größe (\d)", "ä größe 5", "5"),
        (r"(a)|b", "b", None),
        (r"x", "y", None),
        (r"\Qa.b\E=(.)", "a.b=1", "1"),
        (r"a(?P<port>\d)", "a1", "1"),
        ("a.b", "a\nb", None),
    ],
)
def test_a_match_gives_its_group_or_all_of_it(pattern: str, text: str, found: str | None) -> None:
    assert match(pattern, text) == found


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)+$b", "(.*)*x", "(a?){200}a{200}b"])
def test_patterns_that_explode_elsewhere_do_not_here(pattern: str) -> None:
    began = time.monotonic()
    assert match(pattern, "a" * 200_000) is None
    assert not fullmatch(pattern, "a" * 200_000)
    assert time.monotonic() - began < 5
