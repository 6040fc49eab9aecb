"""nginx in front of receivers, as `docs/nginx.conf` has it; needs nginx and openssl."""
