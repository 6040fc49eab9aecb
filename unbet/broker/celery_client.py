"""A Celery client for processes that publish or ask and are not workers."""

from celery import Celery

from unbet.broker.redis_server import SOCKET_TIMEOUT_S


def celery_client(name: str) -> Celery:
    """An application of that name. A worker's connection may be patient; this one does not wait for
    a broker that is away."""
    celery = Celery(name, set_as_current=False, config_source="celeryconfig")
    celery.conf.broker_transport_options = {
        **celery.conf.broker_transport_options,
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": SOCKET_TIMEOUT_S,
        "max_retries": 0,
    }
    return celery
