"""Takes a definition's data apart by pydantic models: what is right of it, and every key that is not.

Every key is optional in the models, so that one mistake never hides another: :func:`parse` reports the keys
that are wrong, leaves them out, and returns the rest. What must be there, and what fits together, is judged
afterwards by the modules that build the model.
"""

import copy
from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from portreeve.definitions.faults import Fault, unknown_key, wrong_value
from portreeve.definitions.positions import KeyPath


class Table(BaseModel):
    """A table of which the keys are known.

    Attributes:
        unbuilt: keys of the design that this version does not support, and the keys that each would replace.
    """

    model_config = ConfigDict(strict=True, extra="forbid")
    unbuilt: ClassVar[Mapping[str, tuple[str, ...]]] = {}


AnyTable = TypeVar("AnyTable", bound=Table)


def parse(kind: type[AnyTable], data: dict[str, Any]) -> tuple[AnyTable, list[Fault]]:
    """What is right of the data, and every key that is not.

    Args:
        kind: the table that the data should be.
        data: as TOML gave it; it is not changed.
    """
    rest = copy.deepcopy(data)
    faults: list[Fault] = []
    while True:
        try:
            return kind.model_validate(rest), faults
        except ValidationError as error:
            # Each turn takes at least one key out, so it ends.
            for detail in error.errors(include_url=False):
                faults.append(_fault(kind, detail["loc"], detail["type"], detail.get("ctx", {})))
                _remove(rest, detail["loc"])


def _fault(kind: type[Table], key: KeyPath, type_: str, context: dict[str, Any]) -> Fault:
    if type_ == "extra_forbidden":
        table = _table_at(kind, key[:-1])
        return unknown_key(key, tuple(table.model_fields), table.unbuilt)
    return wrong_value(key, type_, context)


def _table_at(kind: type[Table], key: KeyPath) -> type[Table]:
    """The kind of table that stands at a key."""
    rest = list(key)
    while rest:
        annotation = kind.model_fields[str(rest.pop(0))].annotation
        if get_origin(annotation) in (dict, list):
            rest.pop(0)  # the table's own name, or its number
        inner = [annotation, *get_args(annotation)]
        kind = next(part for part in inner if isinstance(part, type) and issubclass(part, Table))
    return kind


def _remove(data: dict[str, Any], key: KeyPath) -> None:
    """Take a key out; of an element of a list, or a part of a text, all of the list or text."""
    while not isinstance(key[-1], str):
        key = key[:-1]
    table: Any = data
    for part in key[:-1]:
        if isinstance(table, dict) and part not in table:
            return
        if not isinstance(table[part], dict | list):
            key = (part,)
            break
        table = table[part]
    table.pop(key[-1], None)
