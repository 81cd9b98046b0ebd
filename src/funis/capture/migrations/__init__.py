"""The tables, step by step, as Django made them from the models."""
