"""`python -m examples.wallet_http`: the casino's endpoints and `POST /cancels`, with
CASINO_DATABASE_URL and CASINO_WALLET_SECRETS (whsec_..., separated by spaces)."""

import os

from examples.casino.database import engine_of_environment
from examples.casino.http import router_of, serve
from examples.wallet_http.app import make_app
from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels

engine = engine_of_environment()
app = make_app(Cancels(engine), os.environ["CASINO_WALLET_SECRETS"].split())
app.include_router(router_of(Bets(engine)))
serve(app)
