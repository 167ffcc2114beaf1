"""Generation of images and sounds from noise and labels."""
