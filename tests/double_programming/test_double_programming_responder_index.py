"""S2K RI-50: what shows that an item has improved by half, typed a second time."""

from funis.catalogue.registry import responder_index

# item: column, how it is read, side of the limit, limit; what it can be where no table says it
TYPED = """
seizure: seizure_count halved 0 to 10000
arthritis: inflamed_joints halved
urinary_casts: urine_casts halved 0 to 1000
hematuria: urine_red_cells halved
proteinuria: proteinuria_24h halved
pyuria: urine_white_cells halved
mucosal_ulcers: ulcer_count halved 0 to 1000
low_complement: c3 half_way low c3_low; c4 half_way low c4_low; ch50 half_way low ch50_low
increased_dna_binding: anti_dsdna both high anti_dsdna_high
thrombocytopenia: platelets both low 100
leukopenia: wbc both low 3
"""
# Half the weight of SLEDAI-2K: eight items of 8, six of 4, seven of 2, three of 1.
WEIGHTS = [8] * 8 + [4] * 6 + [2] * 7 + [1] * 3


def test_measures() -> None:
    found = {}
    for item in responder_index("s2k_ri_50").items:
        spelled = []
        for one in item.measures:
            limit = [] if one.reading == "halved" else [one.side, str(one.limit)]
            possible = [] if one.possible is None else ["{:g} to {:g}".format(*one.possible)]
            spelled.append(" ".join([one.column, one.reading, *limit, *possible]))
        if spelled:
            found[item.item] = "; ".join(spelled)
    assert found == dict(line.split(": ") for line in TYPED.strip().splitlines())


def test_points() -> None:
    assert [int(item.points) for item in responder_index("s2k_ri_50").items] == WEIGHTS
