"""The one error that users see, and what all rooms need."""
