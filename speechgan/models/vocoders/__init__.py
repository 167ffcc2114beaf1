"""Networks from images to waves."""
