"""Folders of speakers, analysed voices, unpaired and aligned crops."""
