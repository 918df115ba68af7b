"""What the main loop is told."""

from portreeve.daemon.inbox import Inbox, Message


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
