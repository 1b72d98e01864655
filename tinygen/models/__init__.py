"""Models, one family per file: networks, losses, sampler."""
