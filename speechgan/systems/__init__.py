"""GANs: which networks play, and which losses each of them lowers."""
