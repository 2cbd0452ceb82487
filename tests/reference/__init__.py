"""The language's meaning, one row at a time: a reference to hold the engine against, which shares no kernel with it.

Read it as the specification. A value is a Python value, a failure an exception with its code, a row a dict. Nothing
here knows Arrow, and nothing is imported from `datahub.functions`, `datahub.engine`, `datahub.frames` or `datahub.plan`
(a test of the architecture says so); what is shared are the typed program and the types.
"""
