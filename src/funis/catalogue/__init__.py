"""What is published as data: definitions of instruments, responses and criteria, and their one reader."""
