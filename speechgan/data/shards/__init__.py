"""Corpora as a few large files, read recording by recording from a disk or over a network."""
