"""The fingerprint of a study: what its study file says, whatever its layout and remarks."""

from __future__ import annotations

import hashlib

from funis.study.kept import once_a_study
from funis.study.model import Study


@once_a_study
def study_digest(study: Study) -> str:
    """Give the SHA-256 of all that a study file says: an added remark leaves it, another rule does not.

    Parameters
    ----------
    study : the study

    Examples
    --------
    >>> trial = {"id": "X", "title": "X", "condition": "sle", "design": "single_arm"}
    >>> one, same = (Study.model_validate({"study": trial}) for _ in range(2))
    >>> other = Study.model_validate({"study": trial | {"alpha": 0.1}})
    >>> study_digest(one) == study_digest(same), study_digest(one) == study_digest(other)
    (True, False)
    """
    return hashlib.sha256(study.model_dump_json().encode()).hexdigest()
