"""How far a run is: a bar in a terminal, a line now and then anywhere else."""

import shutil
import sys
import time

from tqdm import tqdm

LINES = 10  # in a run whose output is no terminal


class Progress:
    """A `with` block that tells of steps on stderr, or of nothing if not `wanted`."""

    def __init__(self, name: str, total: int, *, wanted: bool = True):
        self.name, self.total, self.wanted = name, total, wanted
        self.stream, self.bar = sys.stderr, None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.bar is not None:
            self.bar.close()

    def start(self, done: int) -> None:
        """Begin to count the time, with `done` steps done before."""
        self.first = self.done = done
        self.began = time.monotonic()
        if self.wanted and self.stream.isatty():
            size = shutil.get_terminal_size()  # 80 x 24 for one that does not tell
            self.bar = tqdm(
                desc=self.name,
                initial=done,
                total=self.total,
                unit=" steps",
                ncols=size.columns,
                nrows=size.lines,
                file=self.stream,
            )

    def update(self, done: int, losses: dict[str, float]) -> None:
        """Tell that `done` steps are done, and the losses of the last that was read."""
        before, self.done = self.done, done
        if self.bar is not None:
            self.bar.set_postfix_str(in_words(losses), refresh=False)
            self.bar.update(done - before)
        elif done * LINES // self.total > before * LINES // self.total:
            self.say(f"step {done} of {self.total}, {in_words(losses)}, {self.pace()}")

    def pace(self) -> str:
        """Steps a second, and the time left, in words."""
        seconds = max(time.monotonic() - self.began, 1e-9)
        rate = (self.done - self.first) / seconds
        left = (self.total - self.done) / rate
        return f"{rate:.4g} steps/s, {left:.0f} s left"

    def say(self, text: str) -> None:
        """One line of text, above the bar if there is one."""
        line = f"{self.name}: {text}"
        if self.bar is not None:
            self.bar.write(line, file=self.stream)
        elif self.wanted:
            self.stream.write(line + "\n")
            self.stream.flush()


def in_words(losses: dict[str, float]) -> str:
    """'D 0.693, G 0.71'."""
    return ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
