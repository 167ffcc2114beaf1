"""`speechgan serve`: enhancement and conversion over HTTP and WebSocket."""
