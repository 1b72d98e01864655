"""Diffusion: learn to take noise out of images, then begin with nothing but noise.

    q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)             [DDPM-2]
    L = E |noise - noise_theta(x_t, t)|^2                                    [DDPM-1]

Read `schedule`, `process`, `parametrise`, `denoiser`, `samplers`, in this order.
There is no adversary in it, though one source document lists it among GANs [E14].
"""
