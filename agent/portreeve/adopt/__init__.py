"""Takes values that the host has from before portreeve into the source that owns them from now on."""
