"""Values that travel and are stored: frozen, without input or output."""
