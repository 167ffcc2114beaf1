"""GANs that generate images from noise, or from noise and labels."""
