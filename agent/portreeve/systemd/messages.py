"""The catalogue of ``MESSAGE_ID``: ``journalctl MESSAGE_ID=…`` finds every entry of one kind.

An id is never used for anything else, and never changes.
"""

from enum import StrEnum


class MessageId(StrEnum):
    """What an entry in the journal says."""

    AGENT_READY = "46bfcf848c65407abf9becb2ceed0003"
    """Definitions are loaded and every sync has been tried once."""
    AGENT_STOPPING = "ba76e2f85ac24357a8cee3e46fd67c48"
    """The agent is on its way out."""
    DEFINITION_BROKEN = "7838b8837c0049d6b284268ba4fbd5e7"
    """A definition is not valid; its last good form stays in effect."""
    DOCKER_BACK = "d465edb098734173ad2457c5f4c26e32"
    """Docker answers again."""
    DOCKER_LOST = "514543c44aa74f3990e101296ab10f48"
    """Docker is down, hung, or refuses our version."""
    HOST_DEGRADED = "d14d1e3b3b64414abe85f189aea1f5a6"
    """Memory, processors, storage or a disk are short; container starts are held back."""
    HOST_RECOVERED = "db620055513044a8881d6d46469aeaed"
    """They are not any more."""
    PACKAGE_KEPT = "9ab37186d0a34b859117e0ec0567601b"
    """A package was changed, and what it touches is proved again."""
    SUBJECT_GAVE_UP = "315406fa7f5a470ea9d43c2e93acfc70"
    """A container or service was restarted as often as its budget allows; nothing is tried any more."""
    SUBJECT_LOST = "c0b2895e4e4546819b5ffd3c6068d4db"
    """A container, a service or Docker was there and is not."""
    SUBJECT_RESTORED = "f7657e202473450c9e8db48aba2e2f08"
    """It is back."""
    SYNC_APPLIED = "e713f96fbbf945659eee190d155e8e60"
    """The actions of a sync are done; it is not verified yet."""
    SYNC_DRIFT = "12b61d69ac9642de94e95d76737f732e"
    """A generated file was changed by somebody else; it is put right."""
    SYNC_FAILED = "3aade4453eff493581134bd8361562b8"
    """A step of a sync did not work; it is tried again with backoff."""
    SYNC_HELD = "d4cff02851724cc7b2144a4aff6b8a0c"
    """An administrator holds the sync; it is not worked on."""
    SYNC_IN_STEP = "edf47017970b4837ba7f67d705bba433"
    """What is effective is what the sources say, and it is verified."""
    SYNC_RESTORED = "5dd64dadc3cb4665b68c9dff15e4e58f"
    """A sync was not verified; the last good files are back and applied."""
    SYNC_WAITING = "71cb797fa88445a3b8f00e7b28060ade"
    """Something a sync depends on is not there yet."""
    SYNC_WRITTEN = "3309cd144dc84fd494bcb7f87535ac2c"
    """The files of a sync were replaced."""
