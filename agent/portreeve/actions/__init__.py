"""Makes written files effective: units are restarted and reloaded, and the job's result is what counts."""
