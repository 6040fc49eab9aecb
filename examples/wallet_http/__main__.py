"""`python -m examples.wallet_http`, with CASINO_DATABASE_URL (SQLAlchemy's form) and
CASINO_WALLET_SECRETS (whsec_..., separated by spaces)."""

import os

import uvicorn

from examples.wallet_http.app import make_app
from examples.wallet_http.cancels import Cancels
from examples.wallet_http.database import engine_for

engine = engine_for(os.environ["CASINO_DATABASE_URL"])
app = make_app(Cancels(engine), os.environ["CASINO_WALLET_SECRETS"].split())
uvicorn.run(app, host="127.0.0.1", port=8090)
