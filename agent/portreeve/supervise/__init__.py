"""Keeps containers and host services up: what is seen → what it amounts to → what to do → doing it."""
