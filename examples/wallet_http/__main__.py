"""`python -m examples.wallet_http`, with CASINO_DATABASE_URL (SQLAlchemy's form),
CASINO_WALLET_SECRETS (whsec_..., separated by spaces) and CASINO_PORT (8090 if not set); the tables
are made by `schema.sql`."""

import os

import uvicorn
from sqlalchemy import create_engine

from examples.wallet_http.app import make_app
from examples.wallet_http.cancels import Cancels

engine = create_engine(os.environ["CASINO_DATABASE_URL"], pool_size=8, max_overflow=0)
app = make_app(Cancels(engine), os.environ["CASINO_WALLET_SECRETS"].split())
uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("CASINO_PORT", "8090")))
