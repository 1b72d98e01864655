"""Bugs in the VAE and the VQ-VAE; the errata's wrong forms are among them."""

from bugs.table import plant

BOUND = "tests/models/test_vae_bound.py::test_"
NETWORKS = "tests/models/test_vae_networks.py::test_"
VQ = "tests/models/test_vq.py::test_"
TRUE = BOUND + "with_the_true_posterior_the_bound_is_log_p_of_every_x"
LOSS = BOUND + "the_loss_is_the_negative_mean_of_log_p"
OTHER = BOUND + "any_other_encoder_lies_below_by_exactly_its_divergence"
WEIGHTS = BOUND + "with_the_true_posterior_every_weight_is_p_of_x"

bound = "models/vae/bound.py"
likelihood = "models/vae/likelihood.py"
linear = "models/vae/linear.py"
model = "models/vae/model.py"
codebook = "models/vq/codebook.py"
prior = "models/vq/prior.py"

plant(
    "E5 VAE: KL averaged over latents in the bound",
    bound,
    "self.log_likelihood - total(self.kl, 1)",
    "self.log_likelihood - self.kl.mean(1)",
    TRUE,
    OTHER,
)
plant(
    "E5 VAE: KL averaged over latents in the loss",
    bound,
    "return beta * total(kl) - found",
    "return beta * kl.mean() - found",
    LOSS,
    BOUND + "the_loss_is_linear_in_beta",
)
plant(
    "55 VAE: KL summed over the batch",
    bound,
    "kl = found.kl.mean(0)",
    "kl = total(found.kl, 0)",
    LOSS,
)
plant(
    "56 VAE: exp(log_variance) taken for the std",
    model,
    "self.mean + exp(0.5 * self.log_variance) * noise",
    "self.mean + exp(self.log_variance) * noise",
    TRUE,
    WEIGHTS,
)
plant(
    "E5 VAE: the mean is decoded, the draw of z ignored",
    bound,
    "z = posterior.at(noise)",
    "z = posterior.at(noise * 0.0)",
    TRUE,
    LOSS,
)
plant(
    "E11 VAE: the bound itself is minimised",
    bound,
    "return beta * total(kl) - found.log_likelihood.mean()",
    "return found.log_likelihood.mean() - beta * total(kl)",
    LOSS,
)
plant(
    "57 VAE: Gaussian likelihood without its constant",
    likelihood,
    "pixels * (log_variance + math.log(2 * math.pi))",
    "pixels * log_variance",
    TRUE,
    BOUND + "a_gaussian_likelihood_integrates_to_one",
)
plant(
    "57 VAE: Gaussian likelihood with half the precision",
    likelihood,
    "scaled = total(square(outputs - x), axes) * precision",
    "scaled = total(square(outputs - x), axes) * precision * 0.5",
    TRUE,
    BOUND + "a_gaussian_likelihood_integrates_to_one",
)
plant(
    "VAE: likelihood averaged over pixels",
    likelihood,
    "return -total(bce_with_logits(outputs, white), axes)",
    "return -bce_with_logits(outputs, white).mean(axes)",
    BOUND + "a_bernoulli_likelihood_sums_to_one_over_all_images",
)
plant(
    "VAE: black pixels, -1, taken for probabilities as they are",
    likelihood,
    "broadcast_to(0.5 * x + 0.5, outputs.shape)",
    "broadcast_to(x, outputs.shape)",
    BOUND + "a_bernoulli_likelihood_sums_to_one_over_all_images",
)
plant(
    "VAE: beta weighs the likelihood too",
    bound,
    "return beta * total(kl) - found.log_likelihood.mean()",
    "return beta * (total(kl) - found.log_likelihood.mean())",
    BOUND + "the_loss_is_linear_in_beta",
)
plant(
    "VAE: free bits of each image, not of the average one",
    bound,
    "    kl = found.kl.mean(0)  # (D,)\n    if free_bits:\n"
    "        kl = maximum(kl, free_bits)",
    "    kl = found.kl.mean(0)  # (D,)\n    if free_bits:\n"
    "        kl = maximum(found.kl, free_bits).mean(0)",
    BOUND + "free_bits_cost_nothing_and_press_nothing",
)
plant(
    "IWAE: the mean of logarithms, which is the ELBO again",
    bound,
    "return logsumexp(weights, 0) - math.log(weights.shape[0])",
    "return weights.mean(0)",
    BOUND + "bounds_grow_with_the_number_of_draws_up_to_log_p",
)
plant(
    "IWAE: weights summed, not averaged",
    bound,
    "return logsumexp(weights, 0) - math.log(weights.shape[0])",
    "return logsumexp(weights, 0)",
    WEIGHTS,
)
plant(
    "IWAE: the density of z by noise forgets the std",
    bound,
    "square(noise) + posterior.log_variance - square(z)",
    "square(noise) - square(z)",
    WEIGHTS,
    BOUND + "the_bound_of_one_draw_is_the_elbo_in_mean",
)
plant(
    "IWAE: each chunk averaged, then summed",
    bound,
    "np.logaddexp.reduce(found, 0) - math.log(draws)",
    "np.logaddexp.reduce(found, 0) - math.log(size)",
    BOUND + "the_size_of_chunks_does_not_matter",
)
plant(
    "VAE: one draw shared by all images, which broadcasts",
    model,
    "if noise.shape[-2:] != self.mean.shape:",
    "if noise.shape[-1:] != self.mean.shape[-1:]:",
    BOUND + "noise_that_is_not_of_every_code_is_refused",
)
plant(
    "VAE: classes repeated, draw after draw, in the wrong order",
    model,
    ".tile(values(labels), draws)",
    ".repeat(values(labels), draws)",
    NETWORKS + "several_draws_are_each_told_their_own_class",
)
plant(
    "linear VAE: s^2 is the mean of all eigenvalues",
    linear,
    "variance = float(eigenvalues[latent:].mean())",
    "variance = float(eigenvalues.mean())",
    BOUND + "the_linear_vae_reaches_probabilistic_pca",
    BOUND + "no_other_linear_gaussian_model_is_likelier",
)
plant(
    "linear VAE: collapse at s^2 whatever beta",
    linear,
    "/ (beta * variance), 1.0)",
    "/ variance, 1.0)",
    BOUND + "directions_collapse_where_their_variance_is_at_most_beta_s2",
)
plant(
    "VAE: white with a threshold, not by chance",
    likelihood,
    "where(2 * u - 1 < values, 1, -1)",
    "where(0 * u < values, 1, -1)",
    NETWORKS + "pixels_are_white_as_often_as_they_are_bright",
)
plant(
    "VAE: attributes moved the other way",
    "models/vae/latent.py",
    "(means[end] - means[start]) * strength",
    "(means[start] - means[end]) * strength",
    NETWORKS + "moving_by_class_means_moves_one_mean_to_the_other",
)
plant(
    "VQ: half of the gradient passes",
    codebook,
    "return z + (quantised - z.detach()).detach()",
    "return 0.5 * z + (quantised - 0.5 * z.detach()).detach()",
    VQ + "the_gradient_passes_straight_through",
    VQ + "of_a_bent_decoder_too_the_gradients_are_the_same",
)
plant(
    "VQ: nearest by the inner product alone",
    codebook,
    "matmul(z, self.vectors.T) - 0.5 * (self.vectors**2).sum(1)",
    "matmul(z, self.vectors.T)",
    VQ + "the_nearest_vector_is_nearest",
)
plant(
    "VQ: commitment summed over numbers",
    codebook,
    "return mse_loss(z, quantised.detach())",
    'return mse_loss(z, quantised.detach(), "sum")',
    VQ + "the_commitment_gradient_is_that_of_a_spring",
)
plant(
    "VQ: the sums of z do not forget",
    codebook,
    "self.sums = self.decay * self.sums + share",
    "self.sums = self.sums + share",
    VQ + "without_memory_the_update_is_a_step_of_lloyds_algorithm",
    VQ + "the_update_is_a_mean_with_forgetting",
)
plant(
    "VQ: vectors that nobody chooses are pulled to nought",
    codebook,
    "self.vectors = xp.where(used[:, None], means, self.vectors)",
    "self.vectors = means",
    VQ + "without_memory_the_update_is_a_step_of_lloyds_algorithm",
)
plant(
    "VQ: the unused are left where they are",
    codebook,
    "dead = self.counts < least",
    "dead = self.counts < 0.0",
    VQ + "vectors_that_nobody_chooses_are_put_where_they_are_needed",
)
plant(
    "prior of codes: it sees the code that it is to guess",
    prior,
    "known = xp_of(before).concatenate([start, before], 1)",
    "known = xp_of(before).concatenate([before, start], 1)",
    VQ + "no_code_sees_itself_or_a_later_one",
)
plant(
    "prior of codes: a code sees one place too far",
    prior,
    "np.tril(np.ones((length, length), bool))",
    "np.tril(np.ones((length, length), bool), 1)",
    VQ + "no_code_sees_itself_or_a_later_one",
)
plant(
    "prior of codes: the likeliest is drawn, always",
    prior,
    "drawn = (p < u).sum(1)",
    "drawn = logits.argmax(1) + 0 * (p < u).sum(1)",
    VQ + "samples_come_as_often_as_they_are_probable",
)
