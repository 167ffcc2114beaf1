"""Vocoder GANs: from images of speech to waves."""
