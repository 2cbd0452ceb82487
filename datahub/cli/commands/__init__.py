"""The commands: each file is one, its first line is its help, its `command` is what runs.

Only the command that is asked for is imported, and it imports what is heavy when it runs.
"""
