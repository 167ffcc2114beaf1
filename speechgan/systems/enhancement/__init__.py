"""GANs from noisy to clean speech."""
