"""A blinded trial of two arms, as tests serve it: the lupus template, randomised in blocks of two by site and nephritis."""

from funis.study.read import template_path

ARMS = """
[[columns]]
name = "nephritis"
kind = "flag"
label = "Lupus nephritis"

[[arms]]
id = "cells"
name = "Cells of the umbilical cord"

[[arms]]
id = "placebo"
name = "Placebo"
control = true

[randomisation]
method = "blocks"
strata = ["site", "nephritis"]
ratio = {cells = 1, placebo = 1}
block_sizes = [2]
"""
BLINDED = 'blinded = ["investigator", "coordinator", "monitor"]\n'


def two_arm_study(*, is_blinded: bool) -> str:
    text = template_path("sle").read_text(encoding="utf-8").replace('"single_arm"', '"parallel"')
    # The estimand of the template is that of one arm.
    before, rest = text.split("[[estimands]]")
    return before + "[co_primary]" + rest.split("[co_primary]")[1] + ARMS + (BLINDED if is_blinded else "")
