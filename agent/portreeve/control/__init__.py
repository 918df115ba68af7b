"""The sockets: what the agent tells, and what it may be asked to do."""
