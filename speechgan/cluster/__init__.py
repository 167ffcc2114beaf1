"""Bulk work on a Ray cluster: files by URL, each whole or absent, whatever becomes of workers."""
