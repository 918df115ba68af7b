"""What is wrong with the shape of a table, said in plain English instead of pydantic's terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portreeve.definitions.positions import KeyPath
from portreeve.definitions.rejection import Rejected
from portreeve.definitions.suggestions import did_you_mean, nearest

_MUST_BE = {
    "string_type": ("must be a text in quotes", ""),
    "bool_type": ("must be true or false", "without quotes"),
    "int_type": ("must be a whole number", "without quotes"),
    "int_from_float": ("must be a whole number", ""),
    "float_type": ("must be a number", "without quotes"),
    "list_type": ("must be a list", ""),
    "dict_type": ("must be a table", ""),
    "model_type": ("must be a table", ""),
}
_ARRAYS_OF_TABLES = ("targets", "check", "apply", "verify")


@dataclass(frozen=True, slots=True)
class Fault:
    """One key that is not taken.

    Args:
        key: where it stands in its definition.
        message: one sentence.
        hint: what to write instead.
        instead: the keys beside it that are rightly missing when this one stands for them.
    """

    key: KeyPath
    message: str
    hint: str = ""
    instead: tuple[str, ...] = ()


def unknown_key(key: KeyPath, known: tuple[str, ...], unbuilt: Mapping[str, tuple[str, ...]]) -> Fault:
    """A key that its table does not have.

    Args:
        key: where it stands.
        known: the keys that the table has.
        unbuilt: keys of the design that this version does not support, and the keys that each would replace.
    """
    word = str(key[-1])
    if word in unbuilt:
        hint = f"supported here: {', '.join(known)}"
        return Fault(key, f"`{word}` is not supported by this version", hint, unbuilt[word])
    meant = nearest(word, known)
    return Fault(key, f"unknown key `{word}`", did_you_mean(word, known), () if meant is None else (meant,))


def wrong_value(key: KeyPath, kind: str, context: Mapping[str, Any]) -> Fault:
    """A key whose value is not of its kind.

    Args:
        key: where it stands.
        kind: pydantic's name of the error.
        context: what pydantic adds to it: our own :class:`Rejected`, or a limit.
    """
    cause = context.get("error")
    if isinstance(cause, Rejected):
        message, hint = cause.message, cause.hint
    elif kind == "greater_than_equal":
        message, hint = f"must be at least {context['ge']}", ""
    elif kind == "less_than_equal":
        message, hint = f"must be at most {context['le']}", ""
    elif kind == "list_type" and key[-1] in _ARRAYS_OF_TABLES:
        message, hint = "must be an array of tables", f"write [[{key[-1]}]] with two brackets"
    else:
        message, hint = _MUST_BE.get(kind, ("cannot have this value", ""))
    return Fault(key, f"{_name(key)} {message}", hint)


def _name(key: KeyPath) -> str:
    """A key's own name; an element of a list is called by the list's."""
    names = [part for part in key if isinstance(part, str)]
    return f"`{names[-1]}`" if isinstance(key[-1], str) else f"an element of `{names[-1]}`"
