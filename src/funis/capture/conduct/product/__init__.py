"""The cell product: donor, cord, passages, bank vials, lots, bags, up to the thaw at the bedside.

Doors: `moving.move` (the one way a unit takes a step), `making`, `bags`, `lots`, `tracing`, `labels`.
"""
