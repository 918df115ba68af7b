"""What differs between two builds of an artefact, told so that its cause can be found."""

import difflib
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_SHOWN = 8
"""Lines of a text's difference that are shown."""


def between(one: Path, other: Path) -> list[str]:
    """What differs between two folders of artefacts.

    Args:
        one: a folder.
        other: another one.

    Returns:
        A sentence for each difference, down to members of archives in archives; empty when they are the same.
    """
    return list(_trees(_folder(one), _folder(other), ""))


def _folder(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def _trees(one: dict[str, bytes], other: dict[str, bytes], where: str) -> Iterator[str]:
    for name in sorted(one.keys() | other.keys()):
        if name not in other or name not in one:
            yield f"{where}{name}: only in the {'second' if name in other else 'first'}"
        elif one[name] != other[name]:
            yield from _contents(one[name], other[name], f"{where}{name}")
    if list(one) != list(other) and one.keys() == other.keys() and where:
        yield f"{where.rstrip(' /')}: the same members in another order"


def _contents(one: bytes, other: bytes, name: str) -> Iterator[str]:
    members, others = _members(one), _members(other)
    if members is None or others is None:
        yield from _plain(one, other, name)
        return
    told = list(_trees(members, others, f"{name} / "))
    yield from told or [f"{name}: the same members, compressed or headed otherwise"]


def _members(content: bytes) -> dict[str, bytes] | None:
    """The members of an archive, what is said of each beside its content; None for anything else."""
    file = io.BytesIO(content)
    if content.startswith(b"!<arch>\n"):
        return dict(_ar(content))
    if zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as archive:
            return {
                key: value
                for info in archive.infolist()
                for key, value in (
                    (info.filename, archive.read(info)),
                    (
                        f"{info.filename} (header)",
                        f"{info.date_time} {info.external_attr >> 16:o}\n".encode(),
                    ),
                )
            }
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            return dict(_tar(archive)) or None
    except tarfile.TarError:
        return None


def _tar(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in archive:
        content = archive.extractfile(member) if member.isfile() else None
        yield member.name, content.read() if content else member.linkname.encode()
        owner = f"{member.uid}/{member.uname} {member.gid}/{member.gname}"
        yield f"{member.name} (header)", f"{member.mode:o} {owner} {member.mtime:.0f}\n".encode()


def _ar(content: bytes) -> Iterator[tuple[str, bytes]]:
    """The members of an ar archive, which a .deb is (deb(5))."""
    at = 8
    while at + 60 <= len(content):
        header = content[at : at + 60].decode("ascii", "replace")
        name, size = header[:16].strip().rstrip("/"), int(header[48:58])
        yield name, content[at + 60 : at + 60 + size]
        yield f"{name} (header)", f"{header[16:48].split()}\n".encode()
        at += 60 + size + size % 2


def _plain(one: bytes, other: bytes, name: str) -> Iterator[str]:
    try:
        texts = one.decode(), other.decode()
    except UnicodeDecodeError:
        at = next(
            (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
        )
        sums = [hashlib.sha256(content).hexdigest()[:12] for content in (one, other)]
        yield f"{name}: {len(one)} and {len(other)} bytes ({' and '.join(sums)}), first at byte {at}"
        return
    first, second = (text.splitlines() for text in texts)
    lines = list(difflib.unified_diff(first, second, n=0, lineterm=""))
    told = [line for line in lines[2:] if not line.startswith("@@")]
    yield "\n    ".join([f"{name}:", *told[:_SHOWN], *(["…"] if len(told) > _SHOWN else [])])
