"""Peak memory of a workload in a process of its own: python memory.py W3 tinygen

Prints the peak resident memory in MB, after a few steps, of the library with NumPy or
PyTorch, interpreter and imports included.
"""

import resource
import sys

if sys.argv[2:] == ["tinygen"]:
    sys.modules["torch"] = None  # keep PyTorch out of this process

import workloads


def main() -> None:
    """Run five steps of one workload in one library, and print the peak."""
    name, library = sys.argv[1:]
    step = workloads.WORKLOADS[name].build[library]()
    for _ in range(5):
        step()
    print(round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


if __name__ == "__main__":
    main()
