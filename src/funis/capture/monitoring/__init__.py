"""What monitors and sites say to each other about the data.

Doors: `queries`, `automatic.check_subjects`, `automatic.check_everything`.
"""
