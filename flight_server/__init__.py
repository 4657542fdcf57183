"""An Arrow Flight server that turns tickets into pushed-down SAP Datasphere SQL."""
