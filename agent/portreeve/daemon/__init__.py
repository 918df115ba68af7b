"""Wires the rooms together and keeps the agent running: start, reload, watchdog, stop."""
