"""The one adversarial loop and what it leaves on disk."""
