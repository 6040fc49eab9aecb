"""Long tests have the systems that those of tests/system have."""

from tests.system.conftest import idle_system, operator, system

__all__ = ["idle_system", "operator", "system"]
