"""OpenAPI of dialects, made of the dialects themselves."""
