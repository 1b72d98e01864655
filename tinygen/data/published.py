"""Full data sets as their makers publish them: addresses, sizes, sha256.  Facts only.

Sizes and sha256 are those that TensorFlow Datasets recorded from the makers' servers
(its url_checksums/ folder); torchvision's prototype readers give the same sha256 for
the three sets of the IDX kind.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Remote:
    """One file: its name, its exact size in bytes, its sha256."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Published:
    """A data set and the files that hold it.

    files : for the IDX kind training images, training labels, test images, test labels
    mirrors : addresses that a file's name is appended to, tried in turn
    kind : "idx" or "cifar"      count : (training, test) images
    """

    name: str
    files: tuple[Remote, ...]
    mirrors: tuple[str, ...]
    kind: str
    count: tuple[int, int]
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    licence: str
    description: str
    symmetric: bool = False

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


NAMES = (  # of the files of all sets of the IDX kind
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def four(*about: tuple[int, str]) -> tuple[Remote, ...]:
    """The four files of a set of the IDX kind, from (size, sha256) of each."""
    return tuple(Remote(name, *one) for name, one in zip(NAMES, about, strict=True))


IDX = {"kind": "idx", "count": (60_000, 10_000), "shape": (1, 28, 28)}

MNIST = Published(
    name="mnist-full",
    files=four(
        (9912422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1648877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ),
    classes=tuple("0123456789"),
    licence="CC BY-SA 3.0",
    description="all 70,000 handwritten digits of MNIST",
    **IDX,
)
FASHION = Published(
    name="fashion-mnist",
    files=four(
        (26421880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4422102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/"
        "b2617bb6d3ffa2e429640350f613e3291e10b141/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    licence="MIT",
    description="70,000 pictures of clothes (Zalando)",
    **IDX,
)
KUZUSHIJI = Published(
    name="kmnist",
    files=four(
        (18165135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        (29497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        (3041136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        (5120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ),
    mirrors=("https://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    licence="CC BY-SA 4.0",
    description="70,000 cursive Japanese characters (CODH)",
    **IDX,
)
CIFAR10 = Published(
    name="cifar10",
    files=(
        Remote(
            "cifar-10-binary.tar.gz",
            170052171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    ),
    mirrors=(
        "https://www.cs.toronto.edu/~kriz/",
        "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
    ),
    kind="cifar",
    count=(50_000, 10_000),
    shape=(3, 32, 32),
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    licence="none stated",
    description="60,000 photographs of ten kinds of things (A. Krizhevsky)",
    symmetric=True,
)
PUBLISHED = {one.name: one for one in (MNIST, FASHION, KUZUSHIJI, CIFAR10)}

CELEBA = (
    "celeba is not downloaded for you: its makers give it for research that is not "
    "commercial, after you have read their terms. Fix: from "
    "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html take img_align_celeba.zip "
    "(1,443,490,838 bytes, sha256 46fb89443c578308acf364d7d379fe1b"
    "9efb793042c0af734b6112e4fd3a8c74), unpack it, and train with "
    "--data some/folder/img_align_celeba"
)
