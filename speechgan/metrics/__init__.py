"""Metrics of enhanced, converted or generated speech: pure functions of NumPy arrays.

Only the modules of speakers and of spoken digits import torch when they are imported, so that
worker processes of the others start quickly and stay small.
"""
