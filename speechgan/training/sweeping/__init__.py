"""Many trainings, to find settings."""
