"""What the product does, in its own words; no Flight, no driver."""
