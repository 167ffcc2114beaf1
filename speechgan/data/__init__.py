"""Recordings, and training batches made of them."""
