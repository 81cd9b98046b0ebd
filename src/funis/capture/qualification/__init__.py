"""Qualification: statements of rules, each shown on this installation, by the test suite, or not at all."""
