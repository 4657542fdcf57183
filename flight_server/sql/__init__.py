"""Plans and callers' SELECTs in, statements out. Pure: no database, no Flight."""
