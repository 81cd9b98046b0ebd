"""What a pandas, Polars, Arrow, DuckDB or Spark frame is; nothing of medicine."""
