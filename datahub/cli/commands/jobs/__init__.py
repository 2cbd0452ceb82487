"""Jobs of the project: what they do, when they run, and whether they do."""
