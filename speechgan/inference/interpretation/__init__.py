"""What networks that judge listen for."""
