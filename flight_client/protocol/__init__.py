"""The language that client and server share: values and their bytes; no I/O, Flight or SQL."""
