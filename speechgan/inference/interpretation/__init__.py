"""Interpretation of discriminators and classifiers."""
