"""A definition over any frame: score, bounds, status, grades and the rule that decided."""
