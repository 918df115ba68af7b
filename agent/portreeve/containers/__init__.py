"""Knows Docker: does it answer, which container is meant, where are its mounts, what happens to it."""
