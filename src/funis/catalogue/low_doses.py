"""The doses of glucocorticoid that count as low, as definitions of the catalogue hold them."""

from __future__ import annotations

from funis.catalogue.registry import response_definition


def low_doses(condition: str) -> tuple[float, ...]:
    """Give the doses that count as low, highest first: in lupus those of LLDAS and of DORIS remission.

    Parameters
    ----------
    condition : disease under study, as the study file names it

    Returns
    -------
    tuple of float : mg of prednisone a day; a subject counts at this dose or less. None of another disease:
        no definition of the catalogue sets one

    Examples
    --------
    >>> low_doses("sle"), low_doses("sjogren")
    ((7.5, 5.0), ())
    """
    if condition != "sle":
        return ()
    lldas, doris = response_definition("lldas"), response_definition("doris_2021")
    limits = (lldas.criterion("steroid_low").phrases[0].limit, doris.parameters["prednisone_limit"].default)
    return tuple(float(limit) for limit in limits)
