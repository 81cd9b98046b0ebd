"""The study file: read, checked as a whole, frozen; its rules; study days and the subject frame.

Entry points: ``read.read_study``, ``model.Study``, ``rules.apply_rule``, ``days.derive_days``,
``days.derive_subject_frame``.
"""
