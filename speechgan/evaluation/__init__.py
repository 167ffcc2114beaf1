"""A folder of recordings to scores, tables and a report; both tasks are lists of measures.

`@measure` makes a measure of a function; `speechgan evaluate TASK --measure module:function` adds
it.
"""

from speechgan.evaluation.measure import measure

__all__ = ["measure"]
