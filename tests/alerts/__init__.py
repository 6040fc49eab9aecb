"""The alerts, as a real Prometheus sees them; needs Debian's `prometheus`."""
