"""Celery's settings, for workers, receivers and Flower alike; each says what it prevents."""

import ssl

from unbet.broker import transport
from unbet.broker.presence import prefix
from unbet.core.message import QUEUE
from unbet.runtime.settings import CelerySettings, SettingsError, read

try:
    _chosen = read(CelerySettings)
except SettingsError as error:
    raise SystemExit(f"Celery does not start: {error}") from None
broker_url = _chosen.broker_url

transport.install()
if broker_url.startswith("rediss://"):
    # kombu takes that for plain Redis unless it is told so once more; the URL's own `ssl_`
    # parameters win.
    broker_use_ssl = {"ssl_cert_reqs": ssl.CERT_REQUIRED}

# The queue -----------------------------------------------------------------------------------
task_default_queue = QUEUE
task_queues = (transport.CANCELS,)
# A misspelt queue is an error, not a new queue that nobody reads.
task_create_missing_queues = False

# JSON only: a message must not be able to carry code, as pickle can.
task_serializer = "json"
accept_content = ["json"]

# No result backend: the result is in the ledger, the reply in the receiver's own list. One key
# per task would cost more than the task.
result_backend = None
task_ignore_result = True

# Nothing lost --------------------------------------------------------------------------------
# Acknowledged after the commit: a worker that dies before it leaves the message to another one.
task_acks_late = True
# A child that is killed is acknowledged all the same unless this is set; it sends the task again
# with the retries counted, so that a cancel that kills its process comes to an end ...
task_retry_on_worker_lost = True
# ... and where that sending fails, the message goes back to the queue instead of away.
task_reject_on_worker_lost = True
# A worker that vanishes as a whole leaves its messages unacknowledged. They come back after the
# visibility timeout, looked for every second; the defaults are an hour and ten by ten seconds.
broker_transport_options = {
    "visibility_timeout": 10,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    # A broker that accepts and never answers is noticed; without these a call waits for ever.
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
    # So is one that went silent while a worker waits for the next message: after two to three
    # seconds without a word.
    "health_check_interval": 1,
}
# Two deployments on one Redis must not meet. What learns from its database which one it is of says
# so itself (`transport.separate`); this is for Celery's own commands.
if _chosen.deployment:
    broker_transport_options["global_keyprefix"] = prefix(_chosen.deployment)
broker_connection_timeout = 2
# A worker that starts before its broker waits for it, and so it does when the broker goes away.
broker_connection_retry_on_startup = True
broker_connection_max_retries = None
# What a worker is at when the connection breaks is finished: its work is idempotent.
worker_cancel_long_running_tasks_on_connection_loss = False
# A publish has the receiver's deadline; retries of Celery's own would outlast it.
task_publish_retry = False
# An exhausted pool raises; the default (None) waits for ever.
broker_pool_acquire_timeout = 1

# The worker ----------------------------------------------------------------------------------
# Processes, not threads: a crash in one costs one group, and the parent hands it on. More of them
# where each waits for a wallet in the network.
worker_pool = "worker.pool:TaskPool"
worker_concurrency = 4 if _chosen.wallet_choice().asks_elsewhere else 2
# One group ahead for each process, so that none waits for Redis between two groups; no more, since
# what waits here cannot be taken by an idle worker.
worker_prefetch_multiplier = 2
# SIGTERM finishes the groups at hand; this bounds how long a hung one may hold up a restart.
worker_soft_shutdown_timeout = 5.0
# Flower lives on these events; they do not hold up the task that they tell of ...
worker_send_task_events = True
# ... and no message ends a worker: Celery's own consumer trusts what is around it.
worker_consumer = "worker.rejecting:CancelConsumer"
worker_enable_remote_control = True  # to look only, see `worker/program.py`
# Our own log format, secrets left out; Celery would install its own.
worker_hijack_root_logger = False
worker_redirect_stdouts = False

timezone = "UTC"
enable_utc = True
