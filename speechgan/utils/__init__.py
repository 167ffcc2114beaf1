"""Errors for users, and helpers for all subpackages."""
