"""Layers that several networks have in common."""
