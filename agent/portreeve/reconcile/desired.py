"""Renders what a sync wants to be in force from the values that were read."""

import grp
import os
import pwd
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from portreeve.definitions.locations import HostFile
from portreeve.definitions.model import (
    Edits,
    Format,
    Items,
    Mirror,
    Scalar,
    Single,
    Sync,
    Target,
    Template,
    ValueType,
)
from portreeve.definitions.steps import Step
from portreeve.errors import Failed, Reason
from portreeve.reconcile.content import Content
from portreeve.reconcile.masking import MASK, masked, withheld
from portreeve.reconcile.mirror import MirroredFile, mirrored
from portreeve.render.environment import Renderer
from portreeve.targets.file_state import Attributes, FileContent, observe
from portreeve.targets.key_edits import KeyEdits
from portreeve.targets.place import Place
from portreeve.targets.wanted import Wanted

NEW_FILE_MODE = 0o644

_ONE_VALUE = re.compile(r"\{\{\s*(\w+)\s*\}\}")

AnyStep = TypeVar("AnyStep", bound=Step)


def template_context(sync: Sync, values: Mapping[str, Single | Items]) -> dict[str, Any]:
    """What templates of a sync may use.

    Each value and each list of containers by name, ``values`` for all values, ``sync`` for its name.
    """
    own = {name: values[name] for name in sync.values if name in values}
    return {**values, "values": own, "sync": sync.name}


def open_context(sync: Sync, values: Mapping[str, Single | Items]) -> dict[str, Any]:
    """The same without secrets, for steps: those are logged, and everybody sees arguments of programs.

    Whatever way a template takes to a secret, by an include or an item of a list, there is none.
    """
    secret = {name for name, value in sync.values.items() if value.type is ValueType.SECRET}
    return template_context(
        sync,
        {
            name: _without(_secret_fields(sync, name), value)
            for name, value in values.items()
            if name not in secret
        },
    )


def shown(sync: Sync, values: Mapping[str, Single | Items]) -> dict[str, str]:
    """Values as people may see them: secrets masked, also where another value was computed from one."""
    secrets = secret_texts(sync, values)
    return {
        name: MASK if value.type is ValueType.SECRET else masked(_text(values[name]), secrets)
        for name, value in sync.values.items()
        if name in values
    }


def secret_texts(sync: Sync, values: Mapping[str, Single | Items]) -> tuple[str, ...]:
    """Every text among the values that nobody may see."""
    texts: list[str] = []
    for name, value in sync.values.items():
        if value.type is ValueType.SECRET and name in values:
            texts += _texts(values[name])
    for name in sync.sources:
        wanted = _secret_fields(sync, name)
        for item in _items(values.get(name)):
            for each in wanted & item.keys():
                texts += _texts(item[each])
    return tuple(dict.fromkeys(text for text in texts if text))


def _secret_fields(sync: Sync, name: str) -> frozenset[str]:
    """What is secret of each container of a list."""
    source = sync.sources.get(name)
    values = source.values.items() if source else ()
    return frozenset(each for each, value in values if value.type is ValueType.SECRET)


def _without(fields: frozenset[str], value: Single | Items) -> Single | Items:
    if not fields:
        return value
    return tuple({name: part for name, part in item.items() if name not in fields} for item in _items(value))


def _items(value: Single | Items | None) -> Items:
    """A list of containers, where it is one."""
    return tuple(each for each in value if isinstance(each, Mapping)) if isinstance(value, tuple) else ()


def _texts(value: Single | Items) -> list[str]:
    parts = value if isinstance(value, tuple) else (value,)
    return [_text(part) for part in parts if not isinstance(part, Mapping)]


def desired_content(
    sync: Sync,
    values: Mapping[str, Single | Items],
    places: Sequence[Place],
    renderer: Renderer,
    kept: Mapping[Place, Attributes],
    folders: Mapping[str, tuple[MirroredFile, ...]],
) -> Content:
    """Everything that should be in force.

    Args:
        sync: what was declared.
        values: typed values by name.
        places: of its targets, in their order.
        renderer: renders its templates.
        kept: mode and owner of each target in the generation in force, so that a change of them is drift.
        folders: the files of each folder that is mirrored, by the source's name.

    Raises:
        Failed: ``template-failed``; an owner or group does not exist; a target cannot be looked at.
    """
    secrets = secret_texts(sync, values)
    with withheld(secrets):
        context = template_context(sync, values)
        files: dict[Place, Wanted] = {}
        for target, place in zip(sync.targets, places, strict=True):
            match target.content:
                case Template(name=name):
                    text = renderer.file(name, context, _path(target))
                    files[place] = _file(place, target, text, kept.get(place))
                case Edits():
                    edits = _edits(target.content, renderer, context)
                    before = files.get(place)
                    # Two targets may set different keys of one file.
                    files[place] = before.with_more(edits) if isinstance(before, KeyEdits) else edits
                case Mirror(source=source):
                    uid, gid = _owner(place, target, Attributes(0, os.geteuid(), os.getegid()))
                    files |= mirrored(place, folders[source], mode=target.mode, uid=uid, gid=gid)
        context = open_context(sync, values)
        return Content(
            files=files,
            apply=tuple(rendered(step, renderer, context) for step in sync.apply),
            verify=tuple(rendered(step, renderer, context) for step in sync.verify),
            values=shown(sync, values),
            confidential=sync.confidential,
            secrets=secrets,
        )


def rendered(step: AnyStep, renderer: Renderer, context: Mapping[str, Any]) -> AnyStep:
    """A step with each of its texts rendered."""
    changes: dict[str, Any] = {}
    for field in fields(step):
        value = getattr(step, field.name)
        if isinstance(value, str):
            changes[field.name] = renderer.text(value, context)
        elif isinstance(value, tuple):
            changes[field.name] = tuple(renderer.text(part, context) for part in value)
    return replace(step, **changes)


def _edits(edits: Edits, renderer: Renderer, context: Mapping[str, Any]) -> KeyEdits:
    return KeyEdits(
        edits.format,
        tuple((key, _edit_value(edits, key, renderer, context)) for key in edits.set),
    )


def _edit_value(edits: Edits, key: tuple[str, ...], renderer: Renderer, context: Mapping[str, Any]) -> Scalar:
    """A value with its type, where the text is nothing but that: a number of JSON is not a text of digits."""
    value = edits.set[key]
    if not isinstance(value, str):
        return value
    alone = _ONE_VALUE.fullmatch(value)
    typed = context.get(alone[1]) if alone else None
    if edits.format is Format.UNIT and not isinstance(typed, int | float):
        return renderer.setting(key[-1], value, context)
    return typed if isinstance(typed, str | int | float | bool) else renderer.text(value, context)


def _path(target: Target) -> str:
    """Where the file is, as far as its readers know."""
    if isinstance(target.place, HostFile):
        return str(target.place.path)
    return f"{target.place.mount or ''}/{target.place.path}"


def _file(place: Place, target: Target, text: str, kept: Attributes | None) -> FileContent:
    if kept is None:
        found = observe(place)
        kept = found.attributes if found else Attributes(NEW_FILE_MODE, os.geteuid(), os.getegid())
    uid, gid = _owner(place, target, kept)
    return FileContent(text.encode(), kept.mode if target.mode is None else target.mode, uid, gid)


def _owner(place: Place, target: Target, kept: Attributes) -> tuple[int, int]:
    try:
        return (
            kept.uid if target.owner is None else _user(target.owner),
            kept.gid if target.group is None else _group(target.group),
        )
    except KeyError as error:
        raise Failed(
            Reason.WRITE_FAILED,
            f"{place} cannot get its owner",
            evidence=str(error.args[0]),
            hint="create the user or group, or change `owner`/`group` of the target",
            step="render",
        ) from error


def _user(name: str) -> int:
    return int(name) if name.isdigit() else pwd.getpwnam(name).pw_uid


def _group(name: str) -> int:
    return int(name) if name.isdigit() else grp.getgrnam(name).gr_gid


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(_text(part) for part in value)
    return str(value)
