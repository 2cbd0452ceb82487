"""Share mappings: make packs, take those of others, and keep track of which version is used where.

A pack is a folder with a `pack.dhm`. A project names the packs it uses in `[packs]` of dhm.toml; `dhm.lock` says which version of each
is in use, with the hash of its files. `dhm check --locked` makes sure of it.
"""
