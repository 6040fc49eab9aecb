"""The example of an operator's wallet service on MariaDB keeps what every wallet owes."""

import pytest
from sqlalchemy import Engine

from tests.wallets.service import ServiceContract


class TestWalletOnMariaDb(ServiceContract):
    @pytest.fixture
    def casino_engine(self, casino_engine: Engine) -> Engine:
        """That of this folder, in the place of the class's."""
        return casino_engine
