"""The server's side of the reader processes: who gets one, what is said to it, how it ends."""
