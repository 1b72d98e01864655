"""What is bundled: names, files, sha256, licences.  Facts only; nothing is read here.

Sources and licences in full: docs/data.md and files/NOTICE.txt.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One data set and the file that holds it.

    `labels_kept` names the stored labels that the data set takes, in the order in
    which they become labels 0, 1, ...; None takes them all as they are.
    `symmetric` is what `Dataset` says of it.
    """

    name: str
    file: str
    sha256: str
    count: int
    shape: str
    classes: tuple[str, ...]
    licence: str
    description: str
    labels_kept: tuple[int, ...] | None = None
    symmetric: bool = False


TEN_DIGITS = tuple("0123456789")
PHOTO_NAMES = (
    "astronaut",
    "chelsea",
    "coffee",
    "rocket",
    "coins",
    "brick",
    "grass",
    "gravel",
)
FACES_SHA256 = "c6ce59b1137f8186b52dc0fffb8f0c39214566475b1eb193769215a5edc92d4e"

ENTRIES = (
    Entry(
        name="mnist",
        file="mnist.npz",
        sha256="1fa02789532b0597db44360722f09ce3b94aad0f9836f086f5ae3b2e08158481",
        count=5000,
        shape="1 x 28 x 28",
        classes=TEN_DIGITS,
        licence="CC BY-SA 3.0",
        description="handwritten digits, 500 of each (MNIST, a 5,000-image subset)",
    ),
    Entry(
        name="digits",
        file="digits.npz",
        sha256="2edc350c3e230e37021e2448bf2219ef76f672d22c804cd90c4b05e955e91707",
        count=1797,
        shape="1 x 8 x 8",
        classes=TEN_DIGITS,
        licence="CC BY 4.0",
        description="small handwritten digits with 17 grey levels (UCI optdigits)",
    ),
    Entry(
        name="faces",
        file="faces.npz",
        sha256=FACES_SHA256,
        count=100,
        shape="1 x 25 x 25",
        classes=("face",),
        licence="none stated",
        description="faces in news photographs (Labeled Faces in the Wild)",
        labels_kept=(1,),
        symmetric=True,
    ),
    Entry(
        name="faces-and-others",
        file="faces.npz",
        sha256=FACES_SHA256,
        count=200,
        shape="1 x 25 x 25",
        classes=("other", "face"),
        licence="none stated",
        description="the 100 faces and 100 pieces of background without a face",
        symmetric=True,
    ),
    Entry(
        name="photos",
        file="photos.npz",
        sha256="735e0e3b8b8d761ead3fe5ceb2e1ef1dc756bbd073c727f5c2643150793efb37",
        count=len(PHOTO_NAMES),
        shape="3 or 1 x up to 256 x 256",
        classes=(),
        licence="CC0 or public domain, says scikit-image",
        description="photographs and textures: " + ", ".join(PHOTO_NAMES),
    ),
)
