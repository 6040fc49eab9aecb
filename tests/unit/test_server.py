"""What the web server is told."""

import re
from pathlib import Path

import uvicorn

from api.protocol import Bounded
from api.server import options
from unbet.runtime.settings import Settings

NGINX = Path(__file__).parents[2] / "docs" / "nginx.conf"


def test_an_idle_connection_is_kept_a_little_longer_than_the_proxy_keeps_it() -> None:
    settings = Settings(database_url="postgresql://localhost/unbet", broker_url="redis://localhost")
    config = uvicorn.Config("api:none", **options(settings))
    upstream = NGINX.read_text().partition("upstream")[2].partition("}")[0]
    (proxys,) = re.findall(r"keepalive_timeout (\d+)s;", upstream)
    assert int(proxys) < config.timeout_keep_alive <= 75
    assert config.http is Bounded
    assert (config.access_log, config.proxy_headers) == (False, False)
