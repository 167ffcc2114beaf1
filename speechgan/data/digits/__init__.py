"""Spoken digits: images with two labels."""
