"""`python -m examples.wallet_sql`: the casino's endpoints, on CASINO_DATABASE_URL. Unbet's
journal is in the same database, and has a login of its own."""

from fastapi import FastAPI

from examples.casino.database import engine_of_environment
from examples.casino.http import router_of, serve
from examples.wallet_sql.casino import SqlCasino

app = FastAPI(title="A casino")
app.include_router(router_of(SqlCasino(engine_of_environment())))
serve(app)
