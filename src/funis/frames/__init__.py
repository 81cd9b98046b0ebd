"""What a pandas, Polars, Arrow, DuckDB and Spark frame is, one file a kind; no word of medicine.

Entry points: `any_kind` (rows in, columns or rows out, in the caller's kind), `under_way` (a frame that
takes expressions) and `verbs` (one text of a check for few rows, kept as lists, and for many).
"""
