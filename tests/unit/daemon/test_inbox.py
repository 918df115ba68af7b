"""What the main loop is told."""

import subprocess
import sys

from portreeve.daemon.inbox import Inbox, Message

_TOLD_TO_ANOTHER_THREAD = """
import signal, threading
from portreeve.daemon.inbox import Inbox, Message
inbox = Inbox()
inbox.listen_to_signals()
other = threading.Thread(target=lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
threading.Timer(0.2, other.start).start()
assert inbox.get(10) is Message.STOP
"""


def test_the_same_message_twice_is_one() -> None:
    inbox = Inbox()
    inbox.put(Message.STATUS_CHANGED)
    inbox.put(Message.STATUS_CHANGED)
    assert inbox.get(0) is Message.STATUS_CHANGED
    assert inbox.get(0) is None


def test_a_message_that_comes_after_it_was_taken_is_a_new_one() -> None:
    inbox = Inbox()
    inbox.put(Message.STATUS_CHANGED)
    inbox.get(0)
    inbox.put(Message.STATUS_CHANGED)
    assert inbox.get(0) is Message.STATUS_CHANGED


def test_a_signal_ends_the_waiting_although_the_main_thread_is_not_interrupted_by_it() -> None:
    """As one that comes between its last instruction and its waiting, which no test can hit at will."""
    subprocess.run([sys.executable, "-c", _TOLD_TO_ANOTHER_THREAD], check=True, timeout=30)
