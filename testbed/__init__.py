"""Tools around the product: a provider simulator, the conformance kit, chaos."""
