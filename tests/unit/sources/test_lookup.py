"""A key leads to a value through tables and lists; what is there instead is told."""

from typing import Any

import pytest

from portreeve.definitions.model import Format, Value, ValueType
from portreeve.errors import Reason, Waiting
from portreeve.sources.formats.parse import parse
from portreeve.sources.lookup import find_text, has, lookup


def at(*key: str) -> Value:
    return Value("it", "app", key, ValueType.PORT)


def absent(value: Value, data: Any) -> Waiting:
    with pytest.raises(Waiting) as caught:
        lookup(value, data)
    assert caught.value.reason is Reason.KEY_ABSENT
    assert not has(value, data)
    return caught.value


TOMCAT = b"<Server port='8005'><Connector port='8080'/><Connector port='8443'/></Server>"


def test_an_attribute_of_one_of_several_elements_is_reached_by_number() -> None:
    data = parse(Format.XML, TOMCAT)
    assert lookup(at("Server", "@port"), data) == "8005"
    assert lookup(at("Server", "Connector", "1", "@port"), data) == "8443"
    assert has(at("Server", "Connector", "0", "@port"), data)


@pytest.mark.parametrize("part", ["2", "-1", "x", "", "1.0", "٠", "9" * 5000])
def test_a_list_has_only_the_items_that_it_has(part: str) -> None:
    assert absent(at("a", part), {"a": ["x", "y"]}).evidence == "a is a list; its items are a.0 to a.1"


def test_a_list_without_items_says_so() -> None:
    assert absent(at("a", "0"), {"a": []}).evidence == "a is a list; it is empty"


def test_a_number_is_a_name_where_there_is_no_list() -> None:
    assert lookup(at("a", "0"), {"a": {"0": "x"}}) == "x"


def test_a_dot_in_the_name_of_a_property_leads_nowhere() -> None:
    data = parse(Format.PROPERTIES, b"server.port=80\nserver=x\n")
    assert lookup(at("server", "port"), data) == "80"
    assert lookup(at("server.port"), data) == "80"
    error = absent(at("server", "Port"), data)
    assert error.what == "key server.Port is not in source app"
    assert error.evidence == "the source has server, server.port"
    assert error.hint == "did you mean `server.port`? Keys are case-sensitive"


def test_a_pattern_finds_a_value_in_text() -> None:
    data = parse(Format.TEXT, b"# port 1\r\nport 9000\r\nport 9001\r\n")
    assert find_text(at(), r"^port (\d+)$", data) == "9000"
    assert find_text(at(), r"\d\d+", data) == "9000"


def test_a_pattern_that_finds_nothing_is_an_absent_key() -> None:
    with pytest.raises(Waiting) as caught:
        find_text(at(), "^listen (.*)$", parse(Format.TEXT, b"port 9000"))
    assert caught.value.reason is Reason.KEY_ABSENT
    assert caught.value.evidence == "nothing matches ^listen (.*)$"
