"""`python -m examples.wallet_sql`: the casino's endpoints, on port 8090."""

import uvicorn
from fastapi import FastAPI

from examples.casino.http import router_of
from examples.wallet_sql.casino import casino_of_environment

app = FastAPI(title="A casino")
app.include_router(router_of(casino_of_environment()))
uvicorn.run(app, host="127.0.0.1", port=8090)
