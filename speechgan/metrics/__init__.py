"""How good is the output: measures of enhanced speech against clean speech, and reports of them.

All measures take NumPy waves and no torch, so that worker processes start quickly and stay small.
"""
