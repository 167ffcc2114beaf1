"""Public corpora: a catalogue, download, verification and layout for training."""
