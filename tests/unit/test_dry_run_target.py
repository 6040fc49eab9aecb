"""In a dry run the old endpoint is told all that the request says, its path and query as well."""

import pytest

from api.shadow import old_target, require_names
from tests.path_dialect import PATH
from unbet.dialects.lucky_monaco import V4
from unbet.runtime.endpoint_registry import Endpoint
from unbet.runtime.endpoints import EndpointConfig
from unbet.runtime.settings import SettingsError

ENDPOINT = Endpoint(b"/s" + PATH.path.encode(), EndpointConfig(provider="P"), PATH)


@pytest.mark.parametrize(
    ("url", "query", "target"),
    [
        ("http://old/{player}/undo", b"", "http://old/a%2Fl%20%E9/undo"),
        ("http://old/undo?user={player}", b"q=1", "http://old/undo?user=a%2Fl%20%E9&q=1"),
        ("http://old/undo?op=rollback", b"", "http://old/undo?op=rollback"),
    ],
)
def test_path_and_query_are_passed_on(url: str, query: bytes, target: str) -> None:
    scope = {"raw_path": b"/s/players/a%2Fl%20%E9/undo", "query_string": query}
    assert str(old_target(url, ENDPOINT, scope)) == target


def test_a_url_without_a_name_of_the_path_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError, match=r"has no \{player\}, which path has in its path"):
        require_names("http://old/undo", PATH)
    require_names("http://old/{player}", PATH)
    require_names("http://old/undo", V4)
    require_names(None, PATH)
