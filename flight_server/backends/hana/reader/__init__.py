"""What runs in a reader process: the driver, and rows that become record batches."""
