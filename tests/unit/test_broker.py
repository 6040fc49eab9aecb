"""What the libraries under the queue do with an error of Redis."""

import inspect

import pytest
from celery.apps import worker as celery_program
from celery.concurrency.asynpool import AsynPool
from celery.worker.consumer import Consumer
from celery.worker.control import Panel
from kombu import pidbox
from kombu.transport import redis as kombu_redis
from redis._parsers.base import BaseParser

from unbet.broker import redis_server, transport
from unbet.broker.consumer import TaskFirst
from worker.pool import RefillingPool
from worker.program import READ_ONLY_COMMANDS, prepare

REFUSALS = (
    "READONLY You can't write against a read only replica.",
    "MISCONF Redis is configured to save RDB snapshots",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "NOPERM this user has no permissions to run the 'lpush' command",
    "NOAUTH Authentication required.",
    "WRONGPASS invalid username-password pair or user is disabled.",
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "BUSY Redis is busy running a script.",
    "CLUSTERDOWN The cluster is down",
    "NOREPLICAS Not enough good replicas to write.",
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
    "WRONGTYPE Operation against a key holding the wrong kind of value",
    "ERR max number of clients reached",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "EXECABORT Transaction discarded because of previous errors.",
    "ERR unknown command",
)


@pytest.mark.parametrize("said", REFUSALS)
def test_whatever_redis_refuses_is_an_error_after_which_celery_connects_again(said: str) -> None:
    error = BaseParser.parse_error(said)
    assert isinstance(error, redis_server.AWAY)
    assert isinstance(error, transport.Transport.connection_errors)
    assert isinstance(error, redis_server.RETRY._supported_errors), "its connection would be kept"


@pytest.mark.parametrize(
    ("ours", "theirs", "names"),
    [
        (
            transport.Channel,
            kombu_redis.Channel,
            "_create_client _connparams _brpop_read _queue_bind _lookup _put "
            "maybe_refresh_binding_expiry",
        ),
        (transport.QoS, kombu_redis.QoS, "append ack reject restore_by_tag"),
        (RefillingPool, AsynPool, "did_start_ok _join_exited_workers _create_worker_process"),
        (
            TaskFirst,
            Consumer,
            "create_task_handler on_decode_error on_send_event_buffered ensure_connected "
            "on_connection_error_before_connected on_connection_error_after_connected",
        ),
    ],
)
def test_what_is_replaced_of_a_library_is_still_there(ours: type, theirs: type, names: str) -> None:
    """Under another name it would be replaced no more, and nobody would say so."""
    for name in names.split():
        assert name in vars(ours)
        expected = set(inspect.signature(getattr(theirs, name)).parameters)
        given = inspect.signature(getattr(ours, name)).parameters
        takes_any = any(one.kind is one.VAR_KEYWORD for one in given.values())
        assert takes_any or set(given) == expected, name


def test_what_is_known_of_a_library_is_still_so() -> None:
    mailbox = pidbox.Mailbox("celery")
    assert mailbox.reply_exchange is not None
    assert mailbox.reply_exchange.name == transport.REPLIES
    queue = mailbox.get_reply_queue()
    assert queue.name == f"{queue.routing_key}.{transport.REPLIES}"
    assert "safe_say(" in inspect.getsource(celery_program._shutdown_handler)
    prepare()
    assert set(Panel.data) == set(Panel.meta) == READ_ONLY_COMMANDS, (
        "a command of Celery's has another name"
    )
