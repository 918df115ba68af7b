"""Seals what the state file keeps of secrets, so that a copy of that file tells none of them."""

import os
import threading
from pathlib import Path

from portreeve.durable import sync_folder
from portreeve.errors import Failed, Reason

KEY_SIZE = 32
"""Bytes of a key of XSalsa20-Poly1305, which PyNaCl's SecretBox is."""


class SealBrokenError(Exception):
    """The key is lost, or another one."""


class Seal:
    """A key in a file of its own, made when something is sealed for the first time; for all threads.

    Args:
        key: where the key is.
    """

    def __init__(self, key: Path) -> None:
        self._path = key
        self._key: bytes | None = None
        self._lock = threading.Lock()

    def close(self, data: bytes) -> bytes:
        """Seal bytes; the key is on the disk before this returns.

        Raises:
            Failed: ``state-unusable``: the key can be neither read nor made.
        """
        # Imported here: a host without secrets needs neither the library nor a key.
        from nacl.secret import SecretBox

        with self._lock:
            # One of two threads that both made a key would seal with the one that is lost.
            if self._key is None:
                self._key = self._read() or self._make()
        return bytes(SecretBox(self._key).encrypt(data))

    def open(self, data: bytes) -> bytes:
        """The inverse of :meth:`close`.

        Raises:
            SealBrokenError: the key is lost, or another one.
            Failed: ``state-unusable``: the key cannot be read.
        """
        from nacl.exceptions import CryptoError
        from nacl.secret import SecretBox

        self._key = self._key or self._read()
        if self._key is None:
            raise SealBrokenError
        try:
            return bytes(SecretBox(self._key).decrypt(data))
        except CryptoError as error:
            raise SealBrokenError from error

    def _read(self) -> bytes | None:
        try:
            key = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error
        return key if len(key) == KEY_SIZE else None

    def _make(self) -> bytes:
        key = os.urandom(KEY_SIZE)
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.unlink(missing_ok=True)
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise self._unusable(error) from error
        return key

    def _unusable(self, error: OSError) -> Failed:
        return Failed(
            Reason.STATE_UNUSABLE,
            f"the key {self._path} of what is secret in the state file cannot be used",
            evidence=os.strerror(error.errno) if error.errno else str(error),
            hint="look for a full or read-only disk; it is tried again by itself",
        )
