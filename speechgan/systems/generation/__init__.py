"""GANs that generate images from nothing, or from a label."""
