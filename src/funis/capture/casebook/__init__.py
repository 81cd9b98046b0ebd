"""The case book of a subject, and blank forms to be filled in by hand: as one document each."""
