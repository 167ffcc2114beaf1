"""How each task is judged while it trains."""
