"""What users call: models by name, waves and files in and out."""
