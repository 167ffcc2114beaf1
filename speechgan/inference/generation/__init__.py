"""Images and sounds from noise and labels."""
