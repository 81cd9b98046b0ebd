"""What the two databases do themselves: connections, triggers that write the trail, the fingerprint of both.

Doors: `connections.listen`, `prepare.prepare_database`, `fingerprint.read_fingerprint`.
"""
