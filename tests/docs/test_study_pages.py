"""The page of the study file says the keys of every kind of endpoint."""

from funis.study.check import KEYS_OF_KIND
from funis.study.model import Endpoint


def test_every_kind_of_endpoint_says_its_keys() -> None:
    kinds = Endpoint.model_json_schema()["properties"]["kind"]["enum"]
    assert set(kinds) == set(KEYS_OF_KIND)
