"""GANs that convert voices."""
