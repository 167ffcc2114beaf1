"""Noisy and clean speech: mixtures made during training, and recorded pairs."""
