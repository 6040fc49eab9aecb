"""What tests start PostgreSQL and Redis with, move them and stand in front of them.

Tests of whole systems know HTTP, the command line and the database, and import nothing of Unbet but
by this module, `tests/databases.py` and `tests/operating.py`; `lint-imports` keeps it so.
"""

from testbed.chaos.addresses import POSTGRES, REDIS, Addresses
from testbed.chaos.redis_pair import RedisPair
from unbet.database.roles import Role
from unbet.local import services
from unbet.local.ports import reserve_port
from unbet.local.services import process
from unbet.local.services.postgres import PostgreSQL
from unbet.local.services.process import is_alive
from unbet.local.services.standby import Standby, alter_system, execute
from unbet.local.services.unix_user import UnixUser

__all__ = [
    "POSTGRES",
    "REDIS",
    "Addresses",
    "PostgreSQL",
    "RedisPair",
    "Role",
    "Standby",
    "UnixUser",
    "alter_system",
    "execute",
    "is_alive",
    "process",
    "reserve_port",
    "services",
]
