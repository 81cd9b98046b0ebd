"""Signatures: what is signed, the proof, the acts of signing and withdrawing, the status as it is computed.

Doors: `acts.prepare`, `acts.sign`, `acts.withdraw`, `status.read_signatures`, `proof.verify_signature`.
"""
