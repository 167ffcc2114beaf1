"""GANs: which networks there are, and which losses each of them minimises."""
