"""Parses what a source may be written in: one module a format, each bytes in, nested values out."""
