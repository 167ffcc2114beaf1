"""The interface for users: models by name, applied to waves and files."""
