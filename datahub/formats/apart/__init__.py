"""Hostile formats read in a process of their own: what it does, how it is spoken to, what is told of its end."""
