"""tinygen: generative models from scratch, on NumPy or CuPy."""
