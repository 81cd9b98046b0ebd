"""Graded instruments bit-packed: one bit a visit, run batch by batch."""
