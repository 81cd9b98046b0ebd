"""The file of published statements beside a study file, for whoever carries the study to another folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from funis.bounded.limits import BeyondLimitError, Limits, RefusedFileError
from funis.bounded.regular_file import read_regular
from funis.study.model import Study

_LIMITS: Final = Limits(megabytes=5)


def copy_statements(study: Study, folder: Path) -> dict[str, str]:
    """Give the file of published statements as it is.

    Parameters
    ----------
    study : the study file
    folder : the folder it stands in

    Returns
    -------
    dict : its text by its name; empty where the study names none, or where the file is not there or cannot be
        read: `funis report` says so of the folder it is carried to

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> copy_statements(read_study(template_path("sle")), Path())
    {}
    """
    if study.source is None:
        return {}
    name = study.source.statements
    try:
        return {name: read_regular(folder / name, _LIMITS, inside=folder).decode("utf-8")}
    except (UnicodeDecodeError, BeyondLimitError, RefusedFileError, OSError):
        return {}
