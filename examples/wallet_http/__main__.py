"""`python -m examples.wallet_http`: the casino's endpoints and `POST /cancels`, with
CASINO_DATABASE_URL (SQLAlchemy's form), CASINO_WALLET_SECRETS (whsec_..., separated by spaces) and
CASINO_PORT (8090 if not set)."""

import os

import uvicorn

from examples.casino.database import engine_for
from examples.casino.http import router_of
from examples.wallet_http.app import make_app
from examples.wallet_http.bets import Bets
from examples.wallet_http.cancels import Cancels

engine = engine_for(os.environ["CASINO_DATABASE_URL"])
app = make_app(Cancels(engine), os.environ["CASINO_WALLET_SECRETS"].split())
app.include_router(router_of(Bets(engine)))
port = int(os.environ.get("CASINO_PORT", "8090"))
uvicorn.run(app, host="127.0.0.1", port=port, access_log=False)
