"""Each format gives nested values, and says what is wrong with a file, and where, without showing it."""

import configparser
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portreeve.definitions.model import Format
from portreeve.sources.formats.errors import FormatError
from portreeve.sources.formats.parse import parse


def parsed(format_: Format, text: str) -> Any:
    return plain(parse(format_, text.encode()))


def plain(found: Any) -> Any:
    return {key: plain(value) for key, value in found.items()} if isinstance(found, Mapping) else found


def refused(format_: Format, data: str | bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parse(format_, data.encode() if isinstance(data, str) else data)
    return caught.value


@pytest.mark.parametrize("format_", [each for each in Format if each is not Format.PROPERTIES])
def test_what_is_not_utf_8_is_refused_with_its_line(format_: Format) -> None:
    assert str(refused(format_, b"\n\n\xff")) == "line 3: not UTF-8"


@pytest.mark.parametrize("format_", Format)
def test_a_nul_is_refused_with_its_line(format_: Format) -> None:
    assert str(refused(format_, b"\n\0")) == "line 2: a NUL byte"


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        (Format.INI, "[a]\nb = 1"),
        (Format.JSON, '{"a": {"b": "1"}}'),
        (Format.YAML, "a:\n  b: 1"),
        (Format.TOML, "[a]\nb = '1'"),
    ],
)
def test_a_byte_order_mark_is_not_part_of_the_text(format_: Format, text: str) -> None:
    assert parsed(format_, "\ufeff" + text) == {"a": {"b": "1"}}


@pytest.mark.parametrize(
    ("format_", "text", "problem"),
    [
        (Format.INI, "port = 1", "line 1: an option before the first [section]"),
        (Format.INI, "[a]\nsecret", None),
        (Format.INI, "[a]\n= secret", "line 2: neither a [section], nor an option = value"),
        (Format.INI, "[a]\nb=1\nb=2", "line 3: option 'b' for the second time in section 'a'"),
        (Format.INI, "[a]\n[a]", "line 2: section 'a' for the second time"),
        (Format.INI, "[a]\n[b]\n" * 10_001, "too many sections"),
        (Format.JSON, '{"a": 1,\n"b" 2}', "line 2: expecting ':' delimiter"),
        (Format.JSON, '{"a": {"b": 1, "b": 2}}', "key 'b' for the second time"),
        (Format.JSON, '{"a": NaN}', "NaN is not JSON"),
        (Format.JSON, "[1]", "not an object at the top"),
        (Format.JSON, "[" * 100_000, "nested too deep"),
        (Format.JSON, '{"a": ' + "9" * 5000 + "}", "a number that is too long"),
        (Format.YAML, "a: 1\na: 2", "line 2: key 'a' for the second time"),
        (Format.YAML, "a: [1\nb: 2", "line 2: not YAML"),
        (Format.YAML, "a: 1\n---\nb: 2", "line 2: not YAML"),
        (Format.YAML, "- a", "not a mapping at the top"),
        (Format.YAML, "", "not a mapping at the top"),
        (Format.YAML, "a: !!python/object:os.system {}", "line 1: a tag"),
        (Format.YAML, "a: !!timestamp now", "line 1: a tag"),
        (Format.YAML, "a: !!int 1:1:1", "line 1: a tag"),
        (Format.YAML, "a: !include b", "line 1: a tag"),
        (Format.YAML, "a: &a x\n*a : b", "line 2: a key that is not a text"),
        (Format.YAML, "a: *b", "line 1: an alias of nothing, or of what it stands in"),
        (Format.YAML, "? [a]\n: b", "line 1: a key that is not a text"),
        (Format.YAML, "[" * 100_000, "line 1: nested too deep"),
        (Format.YAML, "a: &a [*a]", "line 1: an alias of nothing, or of what it stands in"),
        (Format.YAML, "a: &a x\nb: &a [*a]", "line 2: an alias of nothing, or of what it stands in"),
        (Format.TOML, "a = 1\nb = secret", "line 2: not TOML"),
        (Format.TOML, "a = 1\na = 2", "line 2: not TOML"),
        (Format.TOML, "a = 1\n" + "[[a]]\n" * 10_001, "too many tables"),
        (Format.TOML, "a = " + "[" * 100_000, "nested too deep"),
        (Format.TOML, ".".join("a" * 100_000) + " = 1", "line 1: nested too deep"),
        (Format.TOML, r'"\"" . ' * 100_000 + "a = 1", "line 1: nested too deep"),
        (Format.TOML, "a = " + "9" * 5000, "line 1: a number that is too long"),
        (Format.TOML, "a = " + "9" * 4500, "a number that is too long"),
        (Format.TOML, "a = 1\nb = 0." + "1" * 5000, "line 2: a number that is too long"),
        (Format.ENV, "A=1\nsecret", "line 2: neither NAME=value, nor a comment"),
        (Format.ENV, "A=1\nB='x\n", "line 2: a quote that is not closed"),
        (Format.PROPERTIES, "a=1\nb=\\u12g4", "line 2: \\u without four hexadecimal digits"),
        (Format.UNIT, "A=secret", "line 1: an assignment stands in a section"),
        (Format.UNIT, "[A]\nsecret", "line 2: an assignment is written Key=value"),
        (Format.UNIT, "[A\nB=secret", "line 1: a section is written [Name]"),
        (Format.XML, "", "line 1: not XML"),
        (Format.XML, "<a>\n<b></a>", "line 2: not XML"),
        (Format.XML, "<a>\n&secret;</a>", "line 2: an entity that XML does not define"),
        (Format.XML, "<a>" * 100_000, "line 1: nested too deep"),
        (Format.XML, "<a>" + "<b/>" * 100_000, "line 1: too many elements and attributes"),
        (
            Format.XML,
            "<?xml version='1.0' encoding='latin-1'?><a/>",
            "line 1: declared to be in another encoding than UTF-8",
        ),
    ],
)
def test_what_is_wrong_is_said_with_the_line_and_without_the_text(
    format_: Format, text: str, problem: str | None
) -> None:
    if problem is None:
        assert parsed(format_, text) == {"a": {"secret": None}}
    else:
        assert str(refused(format_, text)) == problem


def test_a_billion_laughs_are_refused_before_they_are_heard() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{after}: &{after} [{', '.join([f'*{name}'] * 10)}]"
        for name, after in zip("abcdefghi", "bcdefghij", strict=True)
    ]
    assert "too much of it" in str(refused(Format.YAML, "\n".join(lines)))


def test_ini_has_no_line_that_goes_on_with_an_option_without_a_value() -> None:
    assert "neither a [section], nor an option = value" in str(refused(Format.INI, "[a]\nb\n c"))


def test_ini_keeps_the_case_the_percent_sign_and_the_defaults() -> None:
    text = "[DEFAULT]\nhost = h\n[cockpit]\nPort = 9000\npassword = 50%\n# comment\n; comment\nempty =\n"
    assert parsed(Format.INI, text)["cockpit"] == {
        "host": "h",
        "Port": "9000",
        "password": "50%",
        "empty": "",
    }


def test_the_config_file_that_started_it_is_read() -> None:
    text = "[nginx_proxy_manager]\nlisten_port = 9000\nuser_pwd = a%b\n\n[cockpit]\nport = 9090\n\n"
    assert parsed(Format.INI, text)["cockpit"]["port"] == "9090"


def test_json_and_toml_give_what_they_say() -> None:
    expected = {"a": {"n": 1, "f": 1.5, "b": True, "l": ["x"], "t": "y"}}
    assert parsed(Format.JSON, '{"a": {"n": 1, "f": 1.5, "b": true, "l": ["x"], "t": "y"}}') == expected
    assert parsed(Format.TOML, '[a]\nn = 1\nf = 1.5\nb = true\nl = ["x"]\nt = "y"') == expected


def test_yaml_does_not_guess_types() -> None:
    text = "no: no\ntime: 22:22\nversion: 1.10\noctal: 0777\nnull: ~\nempty:\nquoted: '~'\nlist: [1, yes]\n"
    assert parsed(Format.YAML, text.replace("null:", '"null":')) == {
        "no": "no",
        "time": "22:22",
        "version": "1.10",
        "octal": "0777",
        "null": None,
        "empty": None,
        "quoted": "~",
        "list": ["1", "yes"],
    }


def test_yaml_anchors_and_merges_work() -> None:
    text = "base: &base {host: h, port: 1}\nweb:\n  <<: *base\n  port: 2\n"
    assert parsed(Format.YAML, text)["web"] == {"host": "h", "port": "2"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b c ", "b c"),
        ("A = b", "b"),
        ("export A=b", "b"),
        ("A=", ""),
        ("A='b \"c\" \\d '", 'b "c" \\d '),
        ('A="b \\"c\\" \\\\ \\$x \\d"', 'b "c" \\ $x \\d'),
        ("A=b\\\nc", "bc"),
        ('A="b\nc"', "b\nc"),
        ("A=b # c", "b # c"),
        ("A=$HOME ${X} `id`", "$HOME ${X} `id`"),
        ("A=b\r\nB=c", "b"),
        ("A=1\nA=b", "b"),
        ("# c\n; d\n\n  A=b", "b"),
        ("A='b'\"c\"d", "bcd"),
    ],
)
def test_env_follows_systemds_rules(line: str, value: str) -> None:
    assert parsed(Format.ENV, line)["A"] == value


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), max_size=20)


@given(st.dictionaries(NAMES, WORDS, max_size=5))
def test_env_reads_what_was_quoted(values: dict[str, str]) -> None:
    def quoted(value: str) -> str:
        return '"' + "".join("\\" + each if each in '"\\$`' else each for each in value) + '"'

    assert parsed(Format.ENV, "".join(f"{key}={quoted(value)}\n" for key, value in values.items())) == values


LINES = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@given(st.dictionaries(NAMES, st.dictionaries(NAMES, LINES, max_size=4), max_size=4))
def test_ini_reads_what_configparser_writes(sections: dict[str, dict[str, str]]) -> None:
    text = "".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in options.items()) + "\n"
        for name, options in sections.items()
    )
    assert parsed(Format.INI, text) == sections


@given(st.lists(st.text("ab =:%;#\t[]\x0b\u2003", max_size=12), max_size=4))
def test_ini_reads_what_configparser_reads(lines: list[str]) -> None:
    text = "[s]\n" + "\n".join(lines)
    reference = configparser.RawConfigParser(allow_no_value=True)
    reference.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        reference.read_string(text)
    except (configparser.Error, AttributeError):
        refused(Format.INI, text)
        return
    expected = {name: dict(reference[name]) for name in reference.sections()}
    if reference.defaults():
        expected["DEFAULT"] = dict(reference.defaults())
    assert parsed(Format.INI, text) == expected


def test_a_key_is_cut_where_a_message_names_it() -> None:
    for format_, text in (
        (Format.JSON, '{"KEY": 1, "KEY": 2}'),
        (Format.YAML, "KEY: 1\nKEY: 2"),
        (Format.INI, "[KEY]\nKEY=1\nKEY=2"),
        (Format.INI, "[KEY]\n[KEY]"),
    ):
        assert len(str(refused(format_, text.replace("KEY", "k" * 900)))) < 150


def test_yaml_reads_an_override_in_what_is_merged_from_further_down() -> None:
    text = "x: {y: {a: &a {<<: {k: 1}, k: 2}}}\nb: {<<: *a}\n"
    assert parsed(Format.YAML, text)["b"] == {"k": "2"}
