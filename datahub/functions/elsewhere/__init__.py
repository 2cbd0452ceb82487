"""What other tools call things, and what stands for it here. Loaded when a name is looked for, never to run a script."""
