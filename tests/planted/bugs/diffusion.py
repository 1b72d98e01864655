"""Bugs in diffusion: schedules, posteriors, samplers, guidance, editing, the bound."""

from bugs.table import plant

FOLDER = "models/diffusion/"
PROCESS = "tests/models/test_diffusion_process.py::"
SAMPLERS = "tests/models/test_diffusion_samplers.py::"
BOUND = "tests/models/test_diffusion_bound.py::"
POSTERIOR = PROCESS + "test_the_posterior_is_the_joint_conditioned_at_every_time"
RECURSION = SAMPLERS + "test_the_variance_of_ancestral_samples_follows_its_recursion"

plant(
    "63 DDPM: the posterior uses alpha_bar of t where that of t-1 belongs",
    FOLDER + "process.py",
    "before, after = 1 - schedule.alpha_bar(s), 1 - schedule.alpha_bar(t)",
    "before, after = 1 - schedule.alpha_bar(t), 1 - schedule.alpha_bar(t)",
    POSTERIOR,
)
plant(
    "DDPM: the posterior's variance is that of the forward step",
    FOLDER + "process.py",
    "added * before / after,",
    "added,",
    POSTERIOR,
)
plant(
    "DDPM: noise added with its variance for a factor",
    FOLDER + "schedule.py",
    "return np.sqrt(1 - self.alpha_bar(t))",
    "return 1 - self.alpha_bar(t)",
    PROCESS + "test_the_marginal_is_what_single_steps_lead_to",
)
plant(
    "linear schedule: betas a step off",
    FOLDER + "schedule.py",
    "betas = np.linspace(1e-4, 0.02, T) *",
    "betas = np.linspace(1e-4, 0.02, T + 1)[1:] *",
    PROCESS + "test_the_linear_schedule_is_that_of_the_paper",
)
plant(
    "cosine schedule: not squared",
    FOLDER + "schedule.py",
    "f = np.cos(math.pi / 2 * (np.arange(T + 1) / T + s) / (1 + s)) ** 2",
    "f = np.cos(math.pi / 2 * (np.arange(T + 1) / T + s) / (1 + s))",
    PROCESS + "test_the_cosine_schedule_turns_at_an_even_speed",
)
plant(
    "65 DDPM: noise in the last step too",
    FOLDER + "samplers.py",
    "    if s == 0:\n        return mean\n    chosen",
    "    chosen",
    RECURSION,
    more=(
        (
            "noise = normal_like(x, rng) if s else None\n        return ancestral",
            "noise = normal_like(x, rng)\n        return ancestral",
        ),
    ),
)
plant(
    "DDPM: the standard deviation of a step is its variance",
    FOLDER + "samplers.py",
    "return mean + float(np.sqrt(chosen)) * noise",
    "return mean + float(chosen) * noise",
    RECURSION,
)
plant(
    "DDPM: small and large variance exchanged",
    FOLDER + "samplers.py",
    'chosen = small if variance == "small" else',
    'chosen = small if variance == "large" else',
    RECURSION,
)
plant(
    "67 DDIM: the step ends at t, not at s",
    FOLDER + "samplers.py",
    "x = float(schedule.signal(s)) * found.x0 + rest * found.noise",
    "x = float(schedule.signal(t)) * found.x0 + rest * found.noise",
    SAMPLERS + "test_ddim_on_a_gaussian_multiplies_by_the_product_of_its_factors",
)
plant(
    "68 DDIM: sigma not taken from the rest of the noise",
    FOLDER + "samplers.py",
    "rest = float(np.sqrt(max(1 - schedule.alpha_bars[s] - sigma**2, 0.0)))",
    "rest = float(np.sqrt(1 - schedule.alpha_bars[s]))",
    SAMPLERS + "test_ddim_has_the_right_marginal_for_every_eta",
)
plant(
    "68 DDIM: eta scales the variance",
    FOLDER + "samplers.py",
    "sigma = float(eta * np.sqrt(posterior(schedule, s, t).variance))",
    "sigma = float(np.sqrt(eta * posterior(schedule, s, t).variance))",
    SAMPLERS + "test_ddim_has_the_right_marginal_for_every_eta",
)
plant(
    "sampler: the last time is not T",
    FOLDER + "schedule.py",
    "return [self.T * (i + 1) // int(steps) for i in range(int(steps))]",
    "return [self.T * i // int(steps) + 1 for i in range(int(steps))]",
    PROCESS + "test_times_of_a_sampler_are_evenly_spread_and_end_with_T",
)
plant(
    "sampler: a time before 0 is taken from the end",
    FOLDER + "schedule.py",
    "return self.alpha_bars[self.checked(t, least=0)]",
    "return self.alpha_bars[t]",
    PROCESS + "test_what_cannot_be_is_refused_by_name",
)
plant(
    "ideal denoiser: no class is a class without points",
    FOLDER + "ideal.py",
    "possible = (asked == self.labels) | (asked == self.classes)",
    "possible = asked == self.labels",
    SAMPLERS + "test_no_class_is_the_last_label_as_it_is_of_a_network",
)
plant(
    "v: sign",
    FOLDER + "parametrise.py",
    "a * noise - b * x0}",
    "a * noise + b * x0}",
    PROCESS + "test_each_thing_a_network_may_say_tells_the_others",
)
plant(
    "clipping x_0 leaves the noise as it was",
    FOLDER + "parametrise.py",
    'return guess("x0", schedule, found.x0.clip(-1.0, 1.0), x, t)',
    "return Guess(found.x0.clip(-1.0, 1.0), found.noise)",
    PROCESS + "test_clipping_keeps_x_t",
)
plant(
    "guidance: w counted from the unconditional model",
    FOLDER + "guidance.py",
    "c + self.w * (c - u) for",
    "u + self.w * (c - u) for",
    SAMPLERS + "test_guidance_moves_the_gaussian_by_w_times_the_difference",
)
plant(
    "guidance: labels are never left out",
    FOLDER + "denoiser.py",
    "rng.random(len(labels)) < p",
    "rng.random(len(labels)) > 2",
    PROCESS + "test_labels_are_dropped_as_often_as_asked",
)
plant(
    "training: one time for the whole batch",
    FOLDER + "denoiser.py",
    "u = (rng.random() + np.arange(n) / n) % 1.0",
    "u = (rng.random() + np.zeros(n)) % 1.0",
    PROCESS + "test_even_times_are_uniform_and_spread",
)
plant(
    "training: time 0 among the times",
    FOLDER + "denoiser.py",
    "return 1 + np.minimum(T * u, T - 1).astype(np.int64)",
    "return np.minimum(T * u, T - 1).astype(np.int64)",
    PROCESS + "test_even_times_are_uniform_and_spread",
)
plant(
    "training: the network sees clean images",
    FOLDER + "denoiser.py",
    "return F.mse_loss(denoiser.say(x, t, labels), wanted)",
    "return F.mse_loss(denoiser.say(x0, t, labels), wanted)",
    PROCESS + "test_the_network_sees_x_t_and_its_time",
)
plant(
    "ideal denoiser: shares not normalised by the noisy variance",
    FOLDER + "ideal.py",
    "return -squares / (2 * self.variance(t)[:, None])",
    "return -squares / 2",
    SAMPLERS + "test_the_best_noise_is_the_score_of_the_noisy_density",
)
plant(
    "inpainting: the kept part has no noise",
    FOLDER + "editing.py",
    "kept = diffuse(schedule, image, s, normal_like(x, rng)) if s else image",
    "kept = image",
    SAMPLERS + "test_what_is_kept_has_the_noise_of_its_time",
)
plant(
    "inpainting: a step is repeated without its noise",
    FOLDER + "editing.py",
    "x = factor * x + variance**0.5 * normal_like(x, rng)",
    "x = factor * x",
    SAMPLERS + "test_repeated_steps_keep_the_variance",
)
plant(
    "inpainting: mask the wrong way round",
    FOLDER + "editing.py",
    "x = where(mask, new, kept)",
    "x = where(mask, kept, new)",
    SAMPLERS + "test_the_missing_quarter_of_a_training_image_is_found",
)
plant(
    "redraw: noise of T although it starts later",
    FOLDER + "editing.py",
    "x = diffuse(denoiser.schedule, image, pairs[0][0], normal_like(image, rng))",
    "x = diffuse(denoiser.schedule, image, 1000, normal_like(image, rng))",
    SAMPLERS + "test_a_little_noise_keeps_the_image_and_much_forgets_it",
)
plant(
    "bound: means compared as if x_0 itself were predicted",
    FOLDER + "bound.py",
    "apart = of_x0**2 * (clean - found) ** 2",
    "apart = (clean - found) ** 2",
    BOUND + "test_every_term_is_the_divergence_of_two_gaussians",
)
plant(
    "bound: the divergence without the ratio of variances",
    FOLDER + "bound.py",
    "kl = 0.5 * (apart / spread + ratio - 1 - np.log(ratio)).sum(1)",
    "kl = 0.5 * (apart / spread).sum(1)",
    BOUND + "test_every_term_is_the_divergence_of_two_gaussians",
)
plant(
    "bound: grey levels twice as wide",
    FOLDER + "bound.py",
    "h = 1 / (levels - 1)\n    low",
    "h = 2 / (levels - 1)\n    low",
    BOUND + "test_the_mass_of_all_grey_levels_is_1",
)
plant(
    "bound: early times not weighted down",
    FOLDER + "bound.py",
    "return t, math.log(T + 1) / np.log1p(1 / t)",
    "return t, np.full(n, float(T))",
    BOUND + "test_few_times_give_the_sum_over_all_without_bias",
)
plant(
    "U-Net: no short cut across",
    "models/unet.py",
    "h = block(concatenate([double(h), level], 1), told)",
    "h = block(concatenate([double(h), 0 * level], 1), told)",
    "tests/models/test_unet.py::test_detail_crosses_at_its_own_level",
)
plant(
    "U-Net: not told the time",
    "models/unet.py",
    "h = F.modulated(self.norm2(h), 1.0 + a, b)",
    "h = self.norm2(h) + 0 * (a.sum() + b.sum())",
    "tests/models/test_unet.py::test_time_and_class_matter_and_no_label_is_the_last_row",
)
plant(
    "U-Net: no label is class 0",
    "models/unet.py",
    "return tensor(np.full(n, self.classes)) if labels is None else labels",
    "return tensor(np.zeros(n, int)) if labels is None else labels",
    "tests/models/test_unet.py::test_time_and_class_matter_and_no_label_is_the_last_row",
)
plant(
    "diffusion recipe: the last weights draw, not the averaged ones",
    "recipes/diffusing.py",
    "return self.ema.applied() if self.ema else",
    "return nullcontext() if self.ema else",
    "tests/recipes/test_diffusion.py::"
    "test_averaged_weights_draw_and_training_goes_on_with_its_own",
)
plant(
    "diffusion in the plane: samples stay in the network's scale",
    "recipes/diffusing.py",
    "return concatenate(parts, 0) * self.scale",
    "return concatenate(parts, 0)",
    "tests/recipes/test_diffusion.py::"
    "test_the_plane_is_scaled_to_unit_variance_and_back",
)
