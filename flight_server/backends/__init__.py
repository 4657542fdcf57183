"""Where the data is; each backend can be removed without touching another."""
