"""Ctrl-C and SIGTERM ask for a stop after the step; the second one stops at once."""

import signal
import threading

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stop:
    """Within the `with` block, `stop.signal` is the number of the signal that came.

    In a thread that is not the main one nothing is caught, as Python demands.
    """

    def __init__(self):
        self.signal: int | None = None
        self.before: dict = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.getsignal(number) for number in SIGNALS}
            for number in SIGNALS:
                signal.signal(number, self.ask)
        return self

    def ask(self, number: int, frame) -> None:
        """Note the first signal; at the second, leave wherever the program is."""
        if self.signal is None:
            self.signal = number
        elif number == signal.SIGTERM:
            raise SystemExit(128 + number)
        else:
            raise KeyboardInterrupt

    def __exit__(self, *exception):
        for number, handler in self.before.items():
            signal.signal(number, handler)
