"""A folder of recordings to scores, tables and a report."""
