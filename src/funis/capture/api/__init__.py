"""The read API: programs with a token read what a person of its role reads, as JSON."""
