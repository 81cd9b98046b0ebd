"""Simulations in words: documents of what was calibrated, simulated and compared."""
