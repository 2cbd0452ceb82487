"""`dhm`: what a person or a scheduler types; thin calls into the layers below."""
