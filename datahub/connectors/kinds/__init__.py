"""The kinds of connections, one module each: its model, and how it is opened. What is heavy is imported when one is opened."""
