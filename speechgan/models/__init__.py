"""Networks, one family a file, named as in their papers."""
