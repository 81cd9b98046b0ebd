"""Numbers selected into specifications of tables and figures; nothing is computed here."""
