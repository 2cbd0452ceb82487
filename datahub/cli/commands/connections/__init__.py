"""Look at the connections of the project: what they are, whether they answer, what lies there, whose keys are trusted.

Connections stand in dhm.toml; `--env NAME` lays `dhm.NAME.toml` on it, then come variables such as DHM_CONNECTIONS__ERP__HOST,
then `--set`. Secrets are never shown.
"""
