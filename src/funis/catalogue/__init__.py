"""What is published, as data: instruments, responses, criteria, grades, doses, measured quantities.

A rule from a paper is a row of a file in ``definitions`` or ``tables``; the code that reads it knows no
medicine. Files of this package: `model_*` are the frozen models, `read_*` build them from a file, `check_*`
find what is wrong in one; none of them imports the registry.

Entry points: `registry` (what there is, and one cached model by its name; `read_definition_file` for a file
of yours), `instrument_tables` (what a study file and the data tables ask), `conditions` (the closed phrases).
"""
