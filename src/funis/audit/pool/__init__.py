"""Printed results of several studies combined: a tidy table in, one answer out with its making."""
