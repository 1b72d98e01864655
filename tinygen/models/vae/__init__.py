"""Variational autoencoder: a latent-variable model, and a bound on what it assigns.

    log p(x) >= E_q(z|x)[log p(x|z)] - KL(q(z|x) || p(z)),  p(z) = N(0, I)     [VAE-1]

Read `likelihood`, `model`, `bound`, `networks`, in this order; `linear` is the case in
which everything is known in closed form.  No adversary takes part in it [E10].
Source: Kingma & Welling, arXiv 1312.6114.
"""
