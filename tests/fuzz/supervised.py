"""What holds for any word of Docker or of the state file about containers, in a form that fuzzers call."""

import json
from collections.abc import Callable
from typing import Any

from portreeve.containers import observe, recreate_config, remake
from portreeve.containers.recreate_journal import Journal, JournalDamaged
from portreeve.definitions.locations import ContainerRef
from portreeve.definitions.settings import AlertSettings
from portreeve.definitions.supervised import ManagedContainer
from portreeve.supervise import dependencies, record, service_record
from portreeve.supervise.alerts import Alerts

_NOT_OF_DOCKERS_FORM = (AttributeError, KeyError, TypeError, ValueError)

_MOST = 100
"""Containers that one may be made to wait for, in any words of its own."""

MEANT: dict[str, tuple[type[Exception], ...]] = {
    "observe": _NOT_OF_DOCKERS_FORM,
    "rebuild": _NOT_OF_DOCKERS_FORM,
    "record": (ValueError,),
    "service-record": (ValueError,),
    "alerts": (ValueError,),
    "recipe": (ValueError,),
    "journal": (JournalDamaged,),
}
"""Each parser, and the errors that its caller expects of it."""


def read_text(parser: str, text: str) -> bool:
    """Have a parser read a text.

    Returns:
        Whether it was of its form.

    Raises:
        Exception: something else came of it than a value or an error that is meant for it.
    """
    try:
        _PARSERS[parser](text)
    except MEANT[parser]:
        return False
    return True


def _observe(text: str) -> None:
    seen = observe.parse(json.loads(text))
    app = ManagedContainer("app", "", ContainerRef(name="app"))
    assert len(dependencies.dependencies(app, seen, {})) < _MOST


def _alerts(text: str) -> None:
    Alerts(AlertSettings()).load(text)


_PARSERS: dict[str, Callable[[str], Any]] = {
    "observe": _observe,
    "rebuild": lambda text: recreate_config.rebuild(json.loads(text), "image", "1.45"),
    "record": record.load,
    "service-record": lambda text: service_record.load("app", text),
    "alerts": _alerts,
    "recipe": remake.Recipe.read,
    "journal": Journal.read,
}
