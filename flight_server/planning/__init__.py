"""Ticket and catalogue in, plan out. Pure: no SQL, no database, no Flight."""
