"""Docker's way of sending two outputs through one stream: frames with a header of eight bytes.

`Docker's API, "Attach to a container" <https://docs.docker.com/reference/api/engine/>`_: the first byte tells
the output, the last four the length, most significant byte first.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum

_HEADER = struct.Struct(">B3xI")


class Output(IntEnum):
    """Which output a frame belongs to."""

    STDIN = 0
    STDOUT = 1
    STDERR = 2


class Demultiplexer:
    """Takes the stream in pieces of any size, and gives each piece with its output; it keeps no content."""

    def __init__(self) -> None:
        self._header = b""
        self._left = 0
        self._output = Output.STDOUT

    def feed(self, data: bytes) -> Iterator[tuple[Output, bytes]]:
        """The pieces in some more bytes.

        Raises:
            ValueError: these are no frames.
        """
        while data:
            if self._left:
                piece, data = data[: self._left], data[self._left :]
                self._left -= len(piece)
                yield self._output, piece
                continue
            missing = _HEADER.size - len(self._header)
            self._header, data = self._header + data[:missing], data[missing:]
            if len(self._header) == _HEADER.size:
                output, self._left = _HEADER.unpack(self._header)
                self._output = Output(output)
                self._header = b""

    @property
    def complete(self) -> bool:
        """The stream may end here: no frame has begun."""
        return not self._header and not self._left
