"""Converters: one voice in, another out, in files of any length."""
