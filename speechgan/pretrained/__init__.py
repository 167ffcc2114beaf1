"""A model is a folder: find, load, save, export."""
