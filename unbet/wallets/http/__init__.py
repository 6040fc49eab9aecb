"""The operator's wallet service, behind one endpoint: `POST {url}/cancels`
(`docs/wallet-openapi.json`)."""
