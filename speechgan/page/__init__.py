"""`speechgan demo`: a page that enhances, converts and generates in a browser."""
