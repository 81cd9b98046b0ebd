"""Checks as functions of tables and study; they need no disk."""
