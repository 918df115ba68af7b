"""Exchanges two names over and over, as a hostile container does: ``python swapping.py COUNT A B [A B]…``."""

import ctypes
import os
import sys

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def swap(count: int, pairs: list[tuple[bytes, bytes]]) -> int:
    """Exchange each pair ``count`` times; tells how many exchanges worked."""
    libc = ctypes.CDLL(None)
    done = 0
    for _ in range(count):
        for one, other in pairs:
            done += libc.renameat2(_AT_FDCWD, one, _AT_FDCWD, other, _RENAME_EXCHANGE) == 0
    return done


if __name__ == "__main__":
    names = [os.fsencode(name) for name in sys.argv[2:]]
    print(swap(int(sys.argv[1]), list(zip(names[::2], names[1::2], strict=True))))
