"""Wave to image and back."""
