"""Tests on a real host: systemd, Docker and Cockpit in a throw-away machine."""
