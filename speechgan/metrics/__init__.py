"""Pure functions of arrays: how good is enhanced or converted speech?

All take NumPy waves or voices, and none but the speaker encoder imports torch, so that worker
processes start quickly and stay small.
"""
