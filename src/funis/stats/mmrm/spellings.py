"""Other spellings of the names of structures and of methods for degrees of freedom, in one table.

Case, spaces, hyphens, underscores and brackets do not count: ``AR(1)``, ``ar1`` and ``ar_1`` are one name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from funis.errors import UnknownNameError
from funis.stats.mmrm.covariance import STRUCTURES
from funis.stats.mmrm.degrees_of_freedom import DF_METHODS

# SAS's heterogeneous names end in H as ours do, R's too; written out are the words of textbooks and of SPSS.
COVARIANCE_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "un": "us",
        "unstructured": "us",
        "toeplitz": "toep",
        "arh1": "ar1h",
        "autoregressive": "ar1",
        "exchangeable": "cs",
        "compoundsymmetry": "cs",
        "ante1": "adh",
        "antedependence": "ad",
        "spatialexponential": "sp_exp",
        "spexp": "sp_exp",
        "spatialgaussian": "sp_gau",
        "spgau": "sp_gau",
    }
)
DF_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "sat": "satterthwaite",
        "satterth": "satterthwaite",
        "kr": "kenward-roger",
        "kenwardroger": "kenward-roger",
        "ddfmkr": "kenward-roger",
        "krlinear": "kenward-roger-linear",
        "krmmrm": "kenward-roger-mmrm",
        "bw": "between-within",
        "betwithin": "between-within",
        "res": "residual",
    }
)


def read_covariance_name(name: str) -> str:
    """Give the name of a covariance structure here for any spelling of it.

    Raises
    ------
    UnknownNameError : no structure is called so; lists those that exist

    Examples
    --------
    >>> [read_covariance_name(name) for name in ("UN", "us", "AR(1)", "ARH(1)", "CSH", "TOEP", "SP(EXP)")]
    ['us', 'us', 'ar1', 'ar1h', 'csh', 'toep', 'sp_exp']
    """
    return _read("covariance structure", name, tuple(STRUCTURES), COVARIANCE_SPELLINGS)


def read_df_name(name: str) -> str:
    """Give the name of a method for degrees of freedom here for any spelling of it.

    Raises
    ------
    UnknownNameError : no method is called so; lists those that exist

    Examples
    --------
    >>> [read_df_name(name) for name in ("KR", "Kenward-Roger-Linear", "sat", "BETWITHIN")]
    ['kenward-roger', 'kenward-roger-linear', 'satterthwaite', 'between-within']
    """
    return _read("degrees-of-freedom method", name, DF_METHODS, DF_SPELLINGS)


def _read(what: str, name: str, known: Sequence[str], spellings: Mapping[str, str]) -> str:
    bare = _bare(name)
    for own in known:
        if _bare(own) == bare:
            return own
    if bare not in spellings:
        raise UnknownNameError(what, name, known)
    return spellings[bare]


def _bare(name: str) -> str:
    """Take away what spellings differ in."""
    return "".join(letter for letter in name.casefold() if letter.isalnum())
