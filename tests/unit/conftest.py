"""What several unit tests share."""

from importlib import util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def made() -> ModuleType:
    """Give the module that makes a trial's study, results and findings."""
    place = Path(__file__).parents[1] / "made_report.py"
    spec = util.spec_from_file_location("made_report", place)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
