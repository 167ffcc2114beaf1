"""Which networks play, with which losses, and whose turn it is."""
