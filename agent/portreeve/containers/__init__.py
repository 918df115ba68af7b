"""Knows Docker: whether it answers, which container is meant, where its mounts are, when something happens."""
