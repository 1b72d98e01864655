"""Bugs in what keeps a run: checkpoints, logs, locks, signals, bad numbers."""

from bugs.table import plant

CHECKPOINT = "train/checkpoint.py"
TENSORFILE = "train/tensorfile.py"
TRAIN = "tests/train/"
ROWS = "tests/robust/test_bad_inputs.py::test_refused"
NAN = TRAIN + "test_not_finite.py::"

# -- files ---------------------------------------------------------------------------

plant(
    "85 what a failed save wrote is left behind",
    "files.py",
    "            temporary.unlink()\n        raise",
    "            pass\n        raise",
    TRAIN + "test_crash_sweep.py::test_at_every_call[before-ENOSPC]",
    TRAIN + "test_crash_sweep.py::test_after_some_bytes[EIO]",
)
plant(
    "85 a checkpoint is put in place before it is on the disk",
    "files.py",
    "            os.fsync(file.fileno())\n",
    "",
    TRAIN + "test_crash_sweep.py::test_a_save_makes_these_calls_in_this_order",
)
plant(
    "85 older checkpoints are removed before the new one is there",
    CHECKPOINT,
    "    write(path, recipe, step)\n    for old in saved(path.parent)[:-KEPT]:",
    "    for old in saved(path.parent):\n"
    "        old.unlink()\n"
    "    write(path, recipe, step)\n    for old in saved(path.parent)[:-KEPT]:",
    TRAIN + "test_crash_sweep.py::test_after_some_bytes[Ctrl-C]",
)
plant(
    "rows of the log are left to the system when the checkpoint is safe",
    "train/loop.py",
    "        self.run.log.sync()\n",
    "        self.run.log.flush()\n",
    TRAIN + "test_loop.py::test_rows_are_on_the_disk_before_the_checkpoint_behind_them",
)
plant(
    "a resumed run loses the row of its checkpoint",
    "train/log.py",
    'if int(row.split(",")[0]) <= last]',
    'if int(row.split(",")[0]) < last]',
    TRAIN + "test_loop.py::test_rows_with_names_that_are_new",
)
plant(
    "numbers are not compared with their sha256",
    TENSORFILE,
    "    if got != hashes[name]:",
    "    if len(got) != len(hashes[name]):",
    TRAIN + "test_checkpoint.py::test_a_flipped_number_names_its_tensor",
)
plant(
    "facts are not compared with their seal",
    TENSORFILE,
    'if about.pop("seal") != seal(about):',
    'if not about.pop("seal"):',
    TRAIN + "test_checkpoint.py::test_a_flipped_bit_anywhere_is_noticed_or_harmless",
)
plant(
    "87 a state is restored without a look at names and shapes",
    CHECKPOINT,
    "    check_fits(state(recipe), checkpoint)\n",
    "",
    TRAIN + "test_checkpoint.py::test_another_architecture_changes_nothing",
)
plant(
    "the worst state is kept as the best",
    "train/loop.py",
    "return all(values[-1] < value for value in before)",
    "return all(values[-1] > value for value in before)",
    TRAIN + "test_loop.py::test_what_counts_as_better",
    TRAIN + "test_loop.py::test_the_best_state_is_kept",
)

# -- processes -----------------------------------------------------------------------

plant(
    "53 two processes may have one folder",
    "train/lock.py",
    "fcntl.LOCK_EX",
    "fcntl.LOCK_SH",
    TRAIN + "test_loop.py::test_one_process_per_folder",
    ROWS + "[53 two processes]",
)
plant(
    "48 the second Ctrl-C is waited out too",
    "train/stop.py",
    "        else:\n            raise KeyboardInterrupt",
    "        else:\n            self.signal = number",
    TRAIN + "test_signals.py::test_what_the_first_and_the_second_signal_do",
)
plant(
    "84 options that changed are not noticed",
    "train/run.py",
    "if then.get(name) != now.get(name) and name not in free",
    "if then.get(name) != now.get(name) and name not in free | now.keys()",
    TRAIN + "test_resume.py::test_what_may_not_change",
)

# -- numbers -------------------------------------------------------------------------

plant(
    "45 an update by NaN is made before it is noticed",
    "train/watch.py",
    "            if self.awake:\n"
    "                self.look(name, parameters)\n"
    "            step()",
    "            step()\n"
    "            if self.awake:\n"
    "                self.look(name, parameters)",
    NAN + "test_a_gradient_that_is_not_finite_is_never_used",
)
plant(
    "43 the step that failed is repeated from another state",
    "train/diagnose.py",
    "for k in range(before.step, step):",
    "for k in range(before.step, step - 1):",
    NAN + "test_a_loss_names_step_parts_op_line_and_the_state_that_is_kept",
)
plant(
    "43 the last op that is not finite is blamed, not the first",
    "anomaly.py",
    'if event != "return" or self.made or result is None:',
    'if event != "return" or result is None:',
    "tests/engine/test_anomaly.py::test_the_first_is_named[exp]",
)
plant(
    "a parameter that gets no gradient is not named",
    "train/watch.py",
    "        if parameter.grad is None\n",
    "        if parameter.grad is not None\n",
    TRAIN + "test_loop.py::test_a_parameter_without_gradient_is_named",
)
plant(
    "39 a variance may overflow",
    "functional/loss.py",
    "    if most > limit:",
    "    if most > limit * limit:",
    ROWS + "[39 log-variance of 200]",
)
plant(
    "60 bytes are taken for images in [-1, 1]",
    "explain.py",
    'if x.dtype.kind == "u" and weight.dtype.kind == "f":',
    'if x.dtype.kind == "u" and weight.dtype.kind == "u":',
    ROWS + "[60 bytes into a dense layer]",
    ROWS + "[60 bytes into a convolution]",
)
