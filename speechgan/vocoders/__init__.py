"""From an image of a voice back to a wave."""
