"""Bugs in losses of models, optimisers, schedules, data, checkpoints."""

from bugs.table import plant, sample

OBJECTIVES = "models/objectives.py"
ADAM = "kernels/adam.py"
SCHEDULE = "schedule.py"
GAN = "tests/models/test_gan_mathematics.py::"
GAMES = "tests/models/test_objectives.py::"
MET = "tests/optim/test_trajectories.py::test_stored_trajectories_are_met"

# -- losses --------------------------------------------------------------------------

plant(
    "53 KL: mean over the latents, not their sum",
    "functional/loss.py",
    "return 0.5 * sum(terms, -1)",
    "return 0.5 * mean_of(terms, -1)",
    sample("kl_diagonal_gaussians-1"),
    more=(
        (
            "from tinygen.ops.reduce import mean, sum",
            "from tinygen.ops.reduce import mean, sum\n\nmean_of = mean",
        ),
    ),
)
plant(
    "59 D is told that samples are real",
    OBJECTIVES,
    "loss = real + softplus_mean(fake_logits)",
    "loss = real + softplus_mean(fake_logits, -1.0)",
    GAN + "test_half_and_smoothing_of_the_discriminator_loss",
    GAMES + "test_training_a_table_reaches_the_best_discriminator",
)
plant(
    "59 the generator's losses are exchanged",
    OBJECTIVES,
    "return softplus_mean(fake_logits, -1.0)",
    "return -softplus_mean(fake_logits)",
    GAN + "test_the_minimax_loss_saturates_and_the_other_does_not",
)
plant(
    "60 gradient penalty: one alpha for each pixel",
    OBJECTIVES,
    "shape = (len(real), *(1 for _ in real.shape[1:]))",
    "shape = real.shape",
    GAMES + "test_the_penalty_is_per_sample_and_on_the_segment",
)
plant(
    "60 gradient penalty: alpha from a normal distribution",
    OBJECTIVES,
    "rng.random(shape, dtype=real.dtype)",
    "rng.standard_normal(shape, dtype=real.dtype)",
    GAMES + "test_the_penalty_is_per_sample_and_on_the_segment",
)
plant(
    "62 gradient penalty: no floor under the root",
    OBJECTIVES,
    "sqrt(squares + 1e-12)",
    "sqrt(squares)",
    GAMES + "test_the_penalties_are_finite_at_slope_zero_and_r1_is_half_the_square",
)

# -- optimisers and schedules --------------------------------------------------------

plant(
    "77 Adam: no bias correction of the mean",
    ADAM,
    "rate = float(lr) * correction / (1 - beta1**step)\n",
    "rate = float(lr) * correction\n",
    MET + "[adam]",
)
plant(
    "77 Adam: eps inside the root",
    ADAM,
    "    xp.sqrt(v, out=scratch)\n    scratch += floor",
    "    scratch[...] = v + floor\n    xp.sqrt(scratch, out=scratch)",
    MET + "[adam-eps]",
)
plant(
    "77 Adam: eps without the correction",
    ADAM,
    "return rate, eps * correction,",
    "return rate, eps,",
    MET + "[adam-eps]",
)
plant(
    "79 SGD: dampening forgotten",
    ADAM,
    "buf += (1 - dampening) * g",
    "buf += g",
    MET + "[sgd-dampening]",
)
plant(
    "79 SGD: Nesterov is plain momentum",
    ADAM,
    "g = g + momentum * buf if nesterov else buf",
    "g = buf",
    MET + "[sgd-nesterov]",
)
plant(
    "80 the norm of each tensor, not of all together",
    "optim/clip.py",
    "        for p in params:\n            g = p.grad.data",
    "        for p in params:\n            g = p.grad.data\n"
    "            factor = min(1.0, max_norm / (global_norm([g]) + 1e-6))",
    "tests/optim/test_clip.py::test_the_norm_is_that_of_all_gradients_together",
)
plant(
    "81 cosine schedule: off by one step",
    SCHEDULE,
    "math.cos(math.pi * min(step / steps, 1.0))",
    "math.cos(math.pi * min((step + 1) / steps, 1.0))",
    "tests/optim/test_schedule.py::test_values_at_the_ends_and_in_the_middle",
)

# -- data, runs ----------------------------------------------------------------------

plant(
    "83 every epoch is shuffled alike",
    "data/loader.py",
    'rng(self.seed, "shuffle", epoch)',
    'rng(self.seed, "shuffle", 0)',
    "tests/data/test_data_loader.py::"
    "test_order_depends_on_seed_and_epoch_and_on_nothing_else",
)
plant(
    "84 the optimiser's state is not restored",
    "train/checkpoint.py",
    '        prefix = f"{group}.{key}."\n',
    '        prefix = f"{group}.{key}."\n'
    '        if group == "optim":\n            continue\n',
    "tests/train/test_checkpoint.py::test_a_state_comes_back_bit_for_bit",
)
plant(
    "84 randomness of a step depends on more than the step",
    "train/recipe.py",
    "backend.rng(self.config.seed, stream, step)",
    "backend.rng(self.config.seed, stream, id(self) % 997)",
    "tests/train/test_resume.py::test_stopped_at_any_step[4]",
)
plant(
    "85 a checkpoint is written in place",
    "files.py",
    '    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")',
    "    temporary = path",
    "tests/train/test_checkpoint.py::test_the_message_of_a_full_disk",
    more=(('open(temporary, "xb")', 'open(temporary, "wb")'),),
)
