"""Voice converters for arrays, streams and files of any length."""
