"""Networks that make speech."""
