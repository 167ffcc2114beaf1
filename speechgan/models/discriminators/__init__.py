"""Networks that judge speech."""
