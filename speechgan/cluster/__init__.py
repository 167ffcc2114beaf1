"""Bulk processing on a Ray cluster: files by URL, robust against the loss of workers."""
