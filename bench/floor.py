"""The floor: a process that waits in bare inotify, writes, syncs, renames, syncs the folder; no more.

It neither types, checks, renders nor remembers. ``python -m bench.floor < TABLE`` prints ``ready``.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

IN_CLOSE_WRITE, IN_MOVED_TO = 0x8, 0x80
_EVENT = struct.Struct("iIII")


def main() -> None:
    """Follow until killed."""
    libc = ctypes.CDLL(None)
    inotify = libc.inotify_init1(0)
    targets: dict[tuple[int, bytes], list[Path]] = {}
    folders: dict[str, int] = {}
    watched: dict[str, int] = {}
    for line in sys.stdin:
        source, target = map(Path, line.rstrip("\n").split("\t"))
        folder = str(source.parent)
        if folder not in watched:
            watched[folder] = libc.inotify_add_watch(
                inotify, os.fsencode(folder), IN_CLOSE_WRITE | IN_MOVED_TO
            )
        targets.setdefault((watched[folder], os.fsencode(source.name)), []).append(target)
        if str(target.parent) not in folders:
            folders[str(target.parent)] = os.open(target.parent, os.O_RDONLY)
    paths = {descriptor: folder for folder, descriptor in watched.items()}
    print("ready", flush=True)
    while events := os.read(inotify, 65_536):
        at = 0
        while at < len(events):
            watch, _, _, length = _EVENT.unpack_from(events, at)
            name = events[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
            at += _EVENT.size + length
            for target in targets.get((watch, name), ()):
                follow(Path(paths[watch], os.fsdecode(name)), target, folders[str(target.parent)])


def follow(source: Path, target: Path, folder: int) -> None:
    """Bring one target in step, durably."""
    port = source.read_text().rpartition("=")[2].strip()
    if not port:
        return
    temporary = target.with_name(".out.tmp")
    with temporary.open("w") as file:
        file.write(f"listen {port}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
    os.fsync(folder)


if __name__ == "__main__":
    main()
