"""The lab: throw-away machines with systemd, Docker and Cockpit that the host tests run on."""
