"""Values that are computed from others are typed like those that are read."""

from dataclasses import replace

import pytest

from portreeve.definitions.model import Items, Single, Value, ValueType
from portreeve.errors import PortreeveError, Reason
from portreeve.reconcile.computed import with_computed
from portreeve.render.environment import Renderer
from portreeve.sources.read import Readings
from unit.reconcile.host import Host


def computed(name: str, expr: str, type_: ValueType = ValueType.PORT) -> Value:
    return Value(name, "", (), type_, expr=expr)


def compute(host: Host, readings: Readings, *values: Value) -> dict[str, Single | Items]:
    sync = replace(host.sync, values={**host.sync.values, **{value.name: value for value in values}})
    return dict(with_computed(sync, readings, Renderer(())))


def read(**values: Single) -> Readings:
    return Readings(values, frozenset(), {})


def test_a_value_is_computed_from_one_that_was_read(host: Host) -> None:
    found = compute(host, read(port=9000), computed("next", "{{ port + 1 }}"))
    assert found == {"port": 9000, "next": 9001}


def test_one_is_computed_from_another_that_was_computed(host: Host) -> None:
    values = computed("next", "{{ port + 1 }}"), computed("last", "{{ next + 1 }}")
    assert compute(host, read(port=1), *values)["last"] == 3


def test_a_list_of_containers_can_be_counted(host: Host) -> None:
    readings = replace(read(port=1), lists={"web": ({"host": "a"}, {"host": "b"})})
    assert compute(host, readings, computed("many", "{{ web | length }}", ValueType.INT))["many"] == 2


def test_what_is_not_of_its_type_is_refused_and_says_how_it_was_computed(host: Host) -> None:
    with pytest.raises(PortreeveError) as caught:
        compute(host, read(port=65535), computed("next", "{{ port + 1 }}"))
    assert (caught.value.reason, caught.value.step) == (Reason.VALUE_INVALID, "read")
    assert "computed by {{ port + 1 }}" in caught.value.evidence


def test_an_expression_cannot_reach_out_of_the_sandbox(host: Host) -> None:
    escape = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(PortreeveError) as caught:
        compute(host, read(port=1), computed("x", escape, ValueType.STRING))
    assert caught.value.reason is Reason.TEMPLATE_FAILED


def test_a_secret_is_not_told_when_its_expression_fails(host: Host) -> None:
    token = Value("token", "app", ("a", "token"), ValueType.SECRET)
    with pytest.raises(PortreeveError) as caught:
        compute(
            host,
            read(port=1, token="correct-horse"),
            token,
            computed("x", "{{ values[token] }}", ValueType.SECRET),
        )
    assert "correct-horse" not in f"{caught.value.what}{caught.value.evidence}{caught.value.hint}"
