"""Public corpora: what there is, fetched, checked and laid out for training."""
