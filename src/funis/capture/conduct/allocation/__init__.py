"""Allocation at random: the draws, the methods, the strata, the act itself, and who may know its result.

Doors: `act.allocate`, `arms.arms_of`, `unblinding.unblind`.
"""
