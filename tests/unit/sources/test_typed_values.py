"""A value is of its declared type, exactly, or it is refused; what is read may be hostile."""

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.model import Value, ValueType
from portreeve.errors import Reason, Waiting
from portreeve.sources.values import typed

V = ValueType


def repr_short(raw: Any) -> str:
    return str(raw.value) if isinstance(raw, ValueType) else ascii(raw)[-40:]


def value(type_: ValueType, **more: Any) -> Value:
    return Value("it", "app", ("cockpit", "port"), type_, **more)


def refusal(type_: ValueType, raw: Any, **more: Any) -> Waiting:
    with pytest.raises(Waiting) as caught:
        typed(value(type_, **more), raw)
    assert caught.value.reason is Reason.VALUE_INVALID
    return caught.value


@given(st.integers(1, 65535))
def test_every_port_is_a_port(port: int) -> None:
    assert typed(value(V.PORT), str(port)) == port
    assert typed(value(V.PORT), port) == port


@given(st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none()))
def test_nothing_else_is_a_port(raw: Any) -> None:
    with contextlib.suppress(Waiting):
        found = typed(value(V.PORT), raw)
        assert isinstance(found, int)
        assert 1 <= found <= 65535
        assert str(raw) == str(found)


@pytest.mark.parametrize(
    "raw",
    [
        "", " 9000", "9000 ", "+9000", "-1", "0", "65536", "9_000", "09000", "0x2328", "9e3", "9000.0",
        "९०००", "９０００", "9000\n", "9000;", 9000.0, True, None, [9000], {"port": 9000}, "9" * 10_000,
    ],
    ids=repr_short,
)  # fmt: skip
def test_what_only_looks_like_a_port_is_not(raw: Any) -> None:
    assert len(refusal(V.PORT, raw).evidence) < 250


def test_a_number_of_five_thousand_digits_is_refused_without_writing_it_out() -> None:
    for type_ in (V.PORT, V.INT, V.FLOAT, V.BOOL):
        assert "huge" in refusal(type_, 10**5000).evidence


@pytest.mark.parametrize(
    ("type_", "raw", "found"),
    [
        (V.INT, "-5", -5),
        (V.INT, 0, 0),
        (V.FLOAT, "1.5", 1.5),
        (V.FLOAT, "1e3", 1000.0),
        (V.FLOAT, 2, 2.0),
        (V.BOOL, "Yes", True),
        (V.BOOL, "off", False),
        (V.BOOL, 1, True),
        (V.BOOL, False, False),
        (V.HOSTNAME, "db-1.example.org", "db-1.example.org"),
        (V.HOSTNAME, "localhost", "localhost"),
        (V.IP, "192.0.2.1", "192.0.2.1"),
        (V.IP, "2001:DB8::0:1", "2001:db8::1"),
        (V.CIDR, "172.17.0.1/16", "172.17.0.1/16"),
        (V.CIDR, "2001:db8::/32", "2001:db8::/32"),
        (V.URL, "https://h.example:8443/p?q=1#f", "https://h.example:8443/p?q=1#f"),
        (V.URL, "http://[2001:db8::1]:80/", "http://[2001:db8::1]:80/"),
        (V.PATH, "/data/my cert.pem", "/data/my cert.pem"),
        (V.STRING, "", ""),
        (V.STRING, "größer; $x", "größer; $x"),
        (V.TEXT, "a\nb\t", "a\nb\t"),
        (V.SECRET, "s3cr3t%", "s3cr3t%"),
        (V.LIST, "a, b ,c", ("a", "b", "c")),
        (V.LIST, ["a", 1, True], ("a", "1", "true")),
        (V.LIST, "", ()),
    ],
)
def test_what_is_of_the_type_is_taken(type_: ValueType, raw: Any, found: Any) -> None:
    assert typed(value(type_), raw) == found


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        (V.INT, "1.0"), (V.INT, True), (V.INT, "1" * 30), (V.INT, 10**30),
        (V.FLOAT, "nan"), (V.FLOAT, "inf"), (V.FLOAT, "1e999"), (V.FLOAT, float("inf")), (V.FLOAT, "1_0"),
        (V.BOOL, "y"), (V.BOOL, "2"), (V.BOOL, 2), (V.BOOL, ""),
        (V.HOSTNAME, "a b"), (V.HOSTNAME, "-a"), (V.HOSTNAME, "a..b"), (V.HOSTNAME, "127.0.0.1"),
        (V.HOSTNAME, "a" * 64), (V.HOSTNAME, ".".join(["b" * 60] * 5)), (V.HOSTNAME, "ä"),
        (V.HOSTNAME, "a\n"),
        (V.IP, "1.2.3"), (V.IP, "01.2.3.4"), (V.IP, "fe80::1%eth0"), (V.IP, "1.2.3.4\n"), (V.IP, 5),
        (V.CIDR, "10.0.0.0"), (V.CIDR, "10.0.0.0/33"), (V.CIDR, "10.0.0.0/255.0.0.0"), (V.CIDR, "::/129"),
        (V.URL, "example.org"), (V.URL, "http://"), (V.URL, "http:///x"), (V.URL, "javascript:alert(1)"),
        (V.URL, "http://h:99999/"), (V.URL, "http://h/\r\nX: y"), (V.URL, "http://h/a b"),
        (V.URL, "http://[::g]/"),
        (V.PATH, "data"), (V.PATH, "/a/../b"), (V.PATH, "/a/.."), (V.PATH, "/a\nb"), (V.PATH, ""),
        (V.STRING, "a\nb"), (V.STRING, "a\rb"), (V.STRING, "a\u2028b"), (V.STRING, "a\x85b"),
        (V.STRING, "\x1b[2J"),
        (V.STRING, "x" * 5000), (V.STRING, 5), (V.STRING, "\ud800"),
        (V.TEXT, "a\0b"), (V.TEXT, "\udfff"), (V.TEXT, ["a"]),
        (V.SECRET, "a\nb"),
        (V.LIST, ["a", "b\nc"]), (V.LIST, [["a"]]), (V.LIST, 5), (V.LIST, "a\nb"), (V.LIST, ["a"] * 5000),
    ],
    ids=repr_short,
)  # fmt: skip
def test_what_is_not_of_the_type_is_refused(type_: ValueType, raw: Any) -> None:
    refusal(type_, raw)


@given(st.text())
def test_no_string_carries_a_line_break_or_control_character(raw: str) -> None:
    for type_ in (V.STRING, V.HOSTNAME, V.IP, V.CIDR, V.URL, V.PATH, V.SECRET):
        try:
            found = typed(value(type_), raw)
        except Waiting:
            continue
        assert isinstance(found, str)
        assert len(found.splitlines()) <= 1
        assert found.isprintable()
        found.encode()


def test_the_evidence_shows_the_key_and_the_offending_text_quoted_and_cut() -> None:
    evidence = refusal(V.PORT, "nine\x1b" + "x" * 500).evidence
    assert evidence.startswith("cockpit.port in source app: 'nine\\x1bxxx")
    assert "…" in evidence
    assert len(evidence) < 200


def test_a_secret_is_never_shown() -> None:
    error = refusal(V.SECRET, "hunter2\n")
    assert "hunter2" not in f"{error} {error.evidence} {error.hint} {error.__cause__}"


def test_limits_hold() -> None:
    assert typed(value(V.PORT, minimum=1024, maximum=2000), "1024") == 1024
    assert "1024 or more" in refusal(V.PORT, "1023", minimum=1024).evidence
    assert "2000 or less" in refusal(V.INT, "2001", maximum=2000).evidence


def test_a_pattern_must_match_the_whole_text() -> None:
    assert typed(value(V.STRING, pattern="[a-z]+"), "abc") == "abc"
    assert "[a-z]+" in refusal(V.STRING, "abc1", pattern="[a-z]+").evidence


def test_a_pattern_takes_a_time_linear_in_the_text() -> None:
    began = time.monotonic()
    assert "does not match (a+)+b" in refusal(V.TEXT, "a" * 1_000_000, pattern="(a+)+b").evidence
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("raw", "found"), [("debug", "debug"), ("2", 2), (2, 2), ("true", True), (True, True)], ids=repr_short
)
def test_an_enum_is_one_of_its_choices(raw: Any, found: Any) -> None:
    got = typed(value(V.ENUM, choices=("debug", 2, True)), raw)
    assert (got, type(got)) == (found, type(found))


@pytest.mark.parametrize("raw", ["Debug", "1", 1, "", None, ["debug"]], ids=repr_short)
def test_an_enum_is_nothing_else(raw: Any) -> None:
    refusal(V.ENUM, raw, choices=("debug", 2, True))


def test_choices_hold_for_every_item_of_a_list() -> None:
    assert typed(value(V.LIST, choices=("a", "b")), "a,b") == ("a", "b")
    refusal(V.LIST, "a,c", choices=("a", "b"))
