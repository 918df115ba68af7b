"""Wakes the loop: files, Docker events, the resync timer; all that they do is put keys on the queue."""
