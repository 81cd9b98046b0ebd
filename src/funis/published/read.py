"""The file of published statements that a study names in ``[source]``, read from the folder of the study."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from funis.bounded.limits import BeyondLimitError, RefusedFileError
from funis.errors import Finding
from funis.published.manifest import Manifest
from funis.published.parse import ManifestError, parse_manifest
from funis.study.model import Study
from funis.study.statements_file import read_statements_file


def read_statements(study: Study, folder: Path) -> Manifest | None:
    """Read the published statements of a study.

    Parameters
    ----------
    study : the study file
    folder : the folder it stands in

    Returns
    -------
    Manifest, or None where the study has no section ``[source]``

    Raises
    ------
    ManifestError : with every finding of the file; it is not there, lies outside the folder, or is not text

    Examples
    --------
    >>> from funis.study.read import read_study, template_path
    >>> read_statements(read_study(template_path("sle")), Path()) is None
    True
    """
    if study.source is None:
        return None
    name = study.source.statements
    try:
        content = read_statements_file(study.source, folder)
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(name, "encoding", "The file is not UTF-8 text.", "Save it as UTF-8.") from error
    except BeyondLimitError as error:
        fix = "Such a file is never larger; take out what does not belong into it."
        raise _refused(name, error.finding, error.message, fix) from error
    except RefusedFileError as error:
        raise _refused(name, error.finding, error.message, error.fix) from error
    except FileNotFoundError as error:
        fix = "Add it beside study.toml, or name the right file in [source]."
        raise _refused(name, "statements_missing", "There is no file of this name.", fix) from error
    except OSError as error:
        message = f"The file cannot be opened: {error.strerror}."
        raise _refused(name, "file_closed", message, "Check that you may read it.") from error
    manifest = parse_manifest(text.replace("\r\n", "\n"), name)
    return replace(manifest, digest=hashlib.sha256(content).hexdigest())


def _refused(name: str, code: str, message: str, fix: str) -> ManifestError:
    return ManifestError(name, [Finding("error", code, "source", name, None, "", "", message, fix)])
