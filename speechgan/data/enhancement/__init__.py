"""Noisy and clean speech: mixtures made while training, and recorded pairs."""
