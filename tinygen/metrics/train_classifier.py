"""Train the measuring classifier on the bundled MNIST training digits.

python -m tinygen.metrics.train_classifier [FILE]

Without a FILE it replaces the weights in the package.  Prints the share of the 1,000
held-out digits that are recognised, and the sha256 of the file, to be compared with
`tinygen.metrics.digit_classifier.SHA256`; another BLAS library may round differently.
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from tinygen import backend, data, files, schedule
from tinygen import functional as F
from tinygen.creation import tensor
from tinygen.metrics.digit_classifier import WEIGHTS, Classifier
from tinygen.metrics.jitter import jittered
from tinygen.metrics.network import DigitNet
from tinygen.optim import AdamW

STEPS, BATCH, LR, WEIGHT_DECAY = 2480, 64, 3e-3, 0.01  # 40 epochs


def train(seed: int = 0, steps: int = STEPS) -> DigitNet:
    """A classifier that saw the training digits, jittered each time.

    Cross-entropy, AdamW, step size along half a cosine to 0.
    """
    digits = data.load("mnist").train
    batches = data.Loader(
        digits.images,
        digits.labels,
        batch_size=BATCH,
        seed=seed,
        drop_last=True,
        transform=data.to_float,
    )
    network = DigitNet(rng=backend.rng(seed, "init"))
    optimizer = AdamW(network.parameters(), lr=LR, weight_decay=WEIGHT_DECAY)
    for step in range(steps):
        images, labels = batches.batch(step)
        images = jittered(images, rng=backend.rng(seed, "jitter", step))
        optimizer.lr = LR * schedule.cosine(step, steps)
        optimizer.zero_grad()
        F.cross_entropy(network(tensor(images)), labels).backward()
        optimizer.step()
    return network.eval()


def accuracy(classifier: Classifier) -> float:
    """The share of the held-out digits that it recognises."""
    digits = data.load("mnist").test
    found = classifier.predict(data.to_float(digits.images))
    return float(np.mean(found == digits.labels))


def main() -> None:
    """Train, and write the file named on the command line, or the package's own."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else WEIGHTS
    network = train()
    state = network.state_dict()
    about = {"trained_on": "MNIST, the 4,000 training digits of tinygen.data"}
    content = save(state, about)
    files.write(path, content)
    print(f"{network.num_parameters():,} parameters, {len(content):,} bytes in {path}")
    print(f"{accuracy(Classifier(network)):.4f} of the held-out digits recognised")
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")


if __name__ == "__main__":
    main()
