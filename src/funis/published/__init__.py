"""A published text beside the study that rebuilds or reports it: its sentences, its figures, and ours.

Entry points: ``parse.parse_manifest``, ``compare.compare_with_published``.
"""
