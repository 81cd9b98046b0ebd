"""The audit trail: events beside rows, reading it, verifying it. Only this room reads payloads.

Doors: `events.record_event`, `history.read_history`, `verify.verify_trail`, `receipts.add_receipt`.
"""
