"""Specifications of tables and figures turned into documents."""
