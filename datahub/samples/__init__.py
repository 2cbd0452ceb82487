"""What a piece of a file tells about it: its format, its columns, their types, and why we think so."""
