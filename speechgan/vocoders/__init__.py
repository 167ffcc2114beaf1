"""Vocoders: from an image of a voice to a wave."""
