"""Write down how much processor time each test takes, and read it again: a plugin of pytest for `mutate`.

What a clock shows depends on what else the machine does; the processor time of the process and of the
children it waited for does not. Fixtures that several tests share are written down apart: whichever test
comes first pays for them, and so does every test that uses one when it is run alone.

Usage::

    python -m pytest -p processor_seconds --processor-seconds=FOLDER
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections import defaultdict
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest


def processor_seconds() -> float:
    """Give the processor time so far of this process and of the children it waited for, in seconds."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


class Recorder:
    """Sum the processor time of tests and of shared fixtures, each second counted once.

    Attributes
    ----------
    own : seconds by test, from its set-up to its end without shared fixtures
    shared : seconds by shared fixture: where it is defined, ``::`` and its name
    fixtures : names of the fixtures of each test, of those they ask for as well
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.own: dict[str, float] = {}
        self.shared: dict[str, float] = defaultdict(float)
        self.fixtures: dict[str, list[str]] = {}
        self._elsewhere = [0.0]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure one test."""
        started, self._elsewhere = processor_seconds(), [0.0]
        answer = yield
        self.own[item.nodeid] = processor_seconds() - started - self._elsewhere[0]
        self.fixtures[item.nodeid] = list(getattr(item, "fixturenames", ()))
        return answer

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Measure one shared fixture, without those it asks for in its turn."""
        if fixturedef.scope == "function":
            return (yield)
        started = processor_seconds()
        self._elsewhere.append(0.0)
        try:
            return (yield)
        finally:
            taken = processor_seconds() - started
            name = f"{fixturedef.baseid}::{fixturedef.argname}"
            self.shared[name] = max(self.shared[name], taken - self._elsewhere.pop())
            self._elsewhere[-1] += taken

    def pytest_sessionfinish(self) -> None:
        """Write what this process measured: each worker of a run writes a file of its own."""
        if self.own:
            found = {"own": self.own, "shared": self.shared, "fixtures": self.fixtures}
            (self.folder / f"{os.getpid()}.json").write_text(json.dumps(found), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the folder that the times are written to."""
    parser.addoption("--processor-seconds", metavar="FOLDER", help="write processor times of tests here")


def pytest_configure(config: pytest.Config) -> None:
    """Measure where a folder is given."""
    folder = config.getoption("--processor-seconds")
    if folder:
        config.pluginmanager.register(Recorder(Path(str(folder))), "processor seconds")


@dataclass(frozen=True, slots=True)
class Times:
    """Processor times of tests, in seconds; a test file stands for all its tests.

    Attributes
    ----------
    own : by test, without the fixtures that it shares with others
    shared : by shared fixture
    fixtures : shared fixtures by test
    """

    own: Mapping[str, float] = field(default_factory=dict)
    shared: Mapping[str, float] = field(default_factory=dict)
    fixtures: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def of(self, test: str) -> float:
        """Give the time of a test where its shared fixtures are made; a second where nothing is known."""
        return self.own.get(test, 1.0)

    def fixtures_of(self, test: str) -> frozenset[str]:
        """Name the shared fixtures of a test."""
        return self.fixtures.get(test, frozenset())

    def alone(self, test: str) -> float:
        """Give the time of a test that is run alone and pays for its shared fixtures."""
        return self.of(test) + sum(self.shared[name] for name in self.fixtures_of(test))


def read_times(folder: Path) -> Times:
    """Read what the processes of one run wrote into a folder.

    A fixture that several processes made, or that was made for several parameters, takes the longest of them.
    """
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    shared: dict[str, float] = defaultdict(float)
    for name, seconds in ((name, seconds) for each in found for name, seconds in each["shared"].items()):
        shared[name] = max(shared[name], seconds)
    own: dict[str, float] = defaultdict(float)
    fixtures: dict[str, frozenset[str]] = defaultdict(frozenset)
    for test, seconds in ((test, seconds) for each in found for test, seconds in each["own"].items()):
        own[test] += seconds
        own[test.partition("::")[0]] += seconds
    for test, asked in ((test, asked) for each in found for test, asked in each["fixtures"].items()):
        used = {name for name in shared if _is_for(name, test) and name.rpartition("::")[2] in asked}
        fixtures[test] |= used
        fixtures[test.partition("::")[0]] |= used
    return Times(dict(own), dict(shared), dict(fixtures))


def _is_for(fixture: str, test: str) -> bool:
    """Tell whether a fixture is defined in the file of a test, in a folder above it or nowhere of its own."""
    where = fixture.rpartition("::")[0]
    return test.startswith((f"{where}::", f"{where}/")) or not where
