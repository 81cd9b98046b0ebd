"""Statistics on arrays: they know nothing of medicine."""
