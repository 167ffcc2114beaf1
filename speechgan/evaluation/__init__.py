"""Evaluation of folders of recordings by lists of measures: scores, tables and a report.

`@measure` makes a measure of a function; `speechgan evaluate TASK --measure module:function` adds
it.
"""

from speechgan.evaluation.measure import measure

__all__ = ["measure"]
