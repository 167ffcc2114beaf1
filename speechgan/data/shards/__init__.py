"""Corpora as a few large tar files; single recordings are read from disk or over a network."""
