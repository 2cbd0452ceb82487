"""Jobs: what `dhm.toml` declares, run once, with a ledger that lets nothing be lost or done twice."""
