"""What is said of a design: the paragraph for a protocol, tables, a figure, what to beware of."""
