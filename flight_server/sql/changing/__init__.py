"""Statements that change data: their nodes, how they are read, what they may hold and name."""
