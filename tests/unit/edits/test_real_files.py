"""Files of Debian packages: each key is changed and changed back, and the bytes are those of before."""

from importlib import import_module
from pathlib import Path

import pytest

from portreeve.definitions.model import Format
from portreeve.edits.edit import EditError, EditValue, edit, read

from .documents import flat

FILES = Path(__file__).parent / "files"
ALL = sorted(path for path in FILES.glob("*/*/*") if path.is_file())

KEYS_AT_LEAST = {
    Format.INI: 25,
    Format.UNIT: 90,
    Format.ENV: 10,
    Format.JSON: 100,
    Format.TOML: 120,
    Format.YAML: 120,
}
"""So that a parser that finds nothing does not pass."""


def keys_of(format_: Format, data: bytes) -> dict[tuple[str, ...], EditValue]:
    """Every key with one value of one line; tables, nulls and what goes on in another line are left out."""
    found: dict[tuple[str, ...], EditValue] = {}
    for key, _ in import_module(f"portreeve.edits.{format_.value}").leaves(data.decode()):
        if not key or (format_ in (Format.INI, Format.UNIT) and len(key) == 1):
            continue
        try:
            value = read(format_, data, key)
        except EditError:
            continue
        if value is not None and "\n" not in str(value):
            found[key] = value
    return found


def another(value: EditValue) -> EditValue:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else "changed"


@pytest.mark.parametrize("path", ALL, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_key_that_is_changed_and_changed_back_leaves_the_same_bytes(path: Path) -> None:
    format_ = Format(path.parts[-3])
    before = path.read_bytes()
    said = flat(format_, before)
    for key, value in keys_of(format_, before).items():
        after = edit(format_, before, {key: another(value)})
        assert read(format_, after, key) == another(value), key
        changed = {name for name, text in (said.items() ^ flat(format_, after).items())}
        assert {name[: len(key)] for name in changed} == {key}
        assert edit(format_, after, {key: value}) == before, key


def test_the_files_have_many_keys_of_many_packages() -> None:
    counts: dict[Format, int] = dict.fromkeys(KEYS_AT_LEAST, 0)
    for path in ALL:
        counts[Format(path.parts[-3])] += len(keys_of(Format(path.parts[-3]), path.read_bytes()))
    assert {format_: count for format_, count in counts.items() if count < KEYS_AT_LEAST[format_]} == {}
    assert len({path.parts[-2] for path in ALL}) >= 12


def test_the_files_are_attributed() -> None:
    readme = (FILES / "README.md").read_text()
    assert [path.name for path in ALL if f"`{path.parts[-2]}`" not in readme] == []
