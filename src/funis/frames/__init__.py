"""What a pandas, Polars, Arrow, DuckDB and Spark frame is, one file a kind; no word of medicine.

Entry points: `any_kind` (rows in, columns or rows out, in the caller's kind) and `under_way` (a frame that
takes expressions).
"""
