"""Responses, flares and classification criteria over scored visits: yes, no or cannot tell."""
