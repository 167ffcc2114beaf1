"""The measures of DNSMOS, for both tasks."""

from speechgan.evaluation.measure import measure
from speechgan.metrics.dnsmos import Dnsmos


@measure("DNSMOS SIG", better="higher")
def dnsmos_signal(opinions: Dnsmos) -> float:
    """Speech undistorted, 1 to 5."""
    return opinions.signal


@measure("DNSMOS BAK", better="higher")
def dnsmos_background(opinions: Dnsmos) -> float:
    """Background unobtrusive, 1 to 5."""
    return opinions.background


@measure("DNSMOS OVRL", better="higher")
def dnsmos_overall(opinions: Dnsmos) -> float:
    """Overall quality, 1 to 5."""
    return opinions.overall


DNSMOS = (dnsmos_signal, dnsmos_background, dnsmos_overall)
"""Slower than all other measures together; Reddy, Gopal & Cutler 2022, arXiv:2110.01763."""
