from tests.system.conftest import idle_system, operator

__all__ = ["idle_system", "operator"]
