"""Flight SQL on the wire: its messages to and from the values of the services, and nothing else."""
