import inspect
import re

from slack_sdk.web.async_client import AsyncWebClient

from sandbox.web_api.known import KNOWN_METHODS
from sandbox.web_api.table import METHODS


def test_every_method_of_the_sdk_is_known_and_every_emulated_one_exists_in_slack() -> None:
    in_sdk = set(re.findall(r'api_call\(\s*"([A-Za-z.]+)"', inspect.getsource(AsyncWebClient)))
    assert in_sdk - KNOWN_METHODS == set()
    assert set(METHODS) - KNOWN_METHODS == set()
