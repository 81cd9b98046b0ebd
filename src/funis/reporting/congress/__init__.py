"""The abstract for a congress: sentences with bound numbers, within the length that the congress allows."""
