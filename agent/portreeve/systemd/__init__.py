"""Speaks with systemd: D-Bus, notify socket, journal, unit files."""
