"""Sets single keys in configuration files and keeps every other byte: bytes and keys in, bytes out."""
