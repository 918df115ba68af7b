"""Values of the formats that know nothing but text: INI, unit files, env files."""

from portreeve.edits.model import EditValue

_PAIRS = (("false", "true"), ("no", "yes"), ("off", "on"), ("0", "1"), ("disabled", "enabled"))
"""How files write the two truths; systemd.syntax(7) and configparser know all but the last."""

_WORDS = {
    style(word): (style(pair[0]), style(pair[1]))
    for pair in _PAIRS
    for word in pair
    for style in (str.lower, str.capitalize, str.upper)
}


def text_of(value: EditValue, instead_of: str = "") -> str:
    """The value as it is written.

    Args:
        value: what to write.
        instead_of: what stands there; a truth is written in its words, so that ``yes`` becomes ``no``.
    """
    if isinstance(value, bool):
        return _WORDS.get(instead_of, ("false", "true"))[value]
    return str(value)


def same(found: EditValue, wanted: EditValue) -> bool:
    """Whether a text says the value already."""
    return text_of(wanted, str(found)) == found
