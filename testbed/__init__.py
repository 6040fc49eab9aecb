"""Tools and judges around the product: a played provider, the conformance kit, chaos."""
