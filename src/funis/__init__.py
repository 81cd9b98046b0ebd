"""funis takes a cell-therapy trial in autoimmune disease from protocol to paper."""
