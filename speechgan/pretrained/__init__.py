"""Model folders: find, load, save, share."""
