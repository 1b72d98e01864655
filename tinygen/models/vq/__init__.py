"""VQ-VAE: an image as a small grid of words from a learnt vocabulary.

    z = encoder(x),  code = nearest vector of the codebook,  x ~ p(x | vectors of codes)

Read `codebook`, `model`, `prior`, in this order.  The codebook gives no way to draw
codes; `prior` is a model of theirs, and both together a model of images.
Source: van den Oord, Vinyals & Kavukcuoglu, arXiv 1711.00937.
"""
