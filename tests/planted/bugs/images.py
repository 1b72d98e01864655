"""Bugs in what reads images: files, folders, downloads, and what is done to pixels."""

from bugs.table import plant

IDX = "data/idx.py"
CIFAR = "data/cifar.py"
FULL_SETS = "data/full.py"
FETCH = "data/fetch.py"
FORMATS = "data/formats.py"
FOLDERS = "data/folder.py"
NUMBERS = "tests/data/test_idx_cifar.py::"
FULL = "tests/data/test_full.py::"
DOWNLOAD = "tests/data/test_download.py::"
IMAGES = "tests/data/test_image_formats.py::"
FOLDER = "tests/data/test_folder.py::"
RESIZE = "tests/data/test_resize.py::"
AUGMENTATION = "tests/recipes/test_augmentation.py::"
AUTOENCODERS = "tests/models/test_autoencoders.py::"

# -- IDX and CIFAR -----------------------------------------------------------------

plant(
    "IDX: lengths are read the lowest byte first",
    IDX,
    'np.frombuffer(start[4:end], ">u4")',
    'np.frombuffer(start[4:end], "<u4")',
    NUMBERS + "test_bad_idx",
)
plant(
    "IDX: what follows the numbers is passed over",
    IDX,
    "if len(body) != expected or rest:",
    "if len(body) < expected:",
    NUMBERS + "test_bad_idx",
)
plant(
    "IDX: any size in a header is believed",
    IDX,
    "if not 0 < math.prod(shape) <= most:",
    "if not 0 < math.prod(shape):",
    NUMBERS + "test_bad_idx",
)
plant(
    "IDX: gzip is unpacked to its end",
    IDX,
    "body, rest = gunzip(data, expected + 1)",
    "body, rest = gunzip(data, 2**40)",
    NUMBERS + "test_no_room_is_made_for_what_a_header_or_a_bomb_promises",
)
plant(
    "CIFAR: colours last",
    CIFAR,
    "return records[:, 1:].reshape(-1, *SHAPE), labels",
    "return records[:, 1:].reshape(-1, 32, 32, 3).transpose(0, 3, 1, 2), labels",
    NUMBERS + "test_cifar_records",
)
plant(
    "CIFAR: label 10 is let through",
    CIFAR,
    "if labels.max() >= LABELS:",
    "if labels.max() > LABELS:",
    NUMBERS + "test_cifar_records",
)
plant(
    "CIFAR: an archive may unpack to any size",
    CIFAR,
    "if self.left < 0:",
    "if False:",
    NUMBERS + "test_bad_cifar_archives",
)
plant(
    "full sets: the sha256 is not compared",
    FULL_SETS,
    "if digest.hexdigest() != file.sha256:",
    "if False:",
    FULL + "test_a_file_that_is_not_the_published_one_is_not_opened",
)
plant(
    "full sets: images and labels are not counted",
    FULL_SETS,
    "if not good or labels.max()",
    "if labels.max()",
    FULL + "test_files_that_do_not_belong_together",
)
plant(
    "held-out images: the first, not some of all",
    "train/source.py",
    "np.arange(HELD_OUT_IMAGES) * len(split) // HELD_OUT_IMAGES",
    "np.arange(HELD_OUT_IMAGES)",
    FULL + "test_at_most_1000_evenly_spread_are_held_out",
)

# -- downloads ---------------------------------------------------------------------

plant(
    "download: redirections are followed unseen",
    FETCH,
    "allow_redirects=False",
    "allow_redirects=True",
    DOWNLOAD + "test_what_a_server_can_do_wrong",
)
plant(
    "download: what a server packs is unpacked",
    FETCH,
    "decode_content=False",
    "decode_content=True",
    DOWNLOAD + "test_what_a_server_can_do_wrong",
)
plant(
    "download: the announced length is not looked at",
    FETCH,
    "if length.isdecimal() and int(length) != file.size:",
    "if False:",
    DOWNLOAD + "test_what_a_server_can_do_wrong",
)
plant(
    "download: a drip may last for ever",
    FETCH,
    "if time.monotonic() > end:",
    "if False:",
    DOWNLOAD + "test_what_a_server_can_do_wrong",
)
plant(
    "download: any scheme will do",
    FETCH,
    'return urlsplit(url).scheme == "https"',
    'return "://" in url',
    DOWNLOAD + "test_only_https_is_visited",
)

# -- image files -------------------------------------------------------------------

plant(
    "images: the lower byte of 16 bits",
    FORMATS,
    "np.asarray(image) >> 8",
    "np.asarray(image) & 255",
    IMAGES + "test_sixteen_bits_keep_the_upper_eight",
)
plant(
    "images: quarter turns the wrong way",
    FORMATS,
    "6: how.ROTATE_270,",
    "6: how.ROTATE_90,",
    IMAGES + "test_orientation_of_exif_is_applied",
    more=(("8: how.ROTATE_90,", "8: how.ROTATE_270,"),),
)
plant(
    "images: transparency over black",
    FORMATS,
    'Image.new("RGB", image.size, "white")',
    'Image.new("RGB", image.size, "black")',
    IMAGES + "test_transparency_lies_over_white",
)
plant(
    "images: any number of pixels",
    FORMATS,
    "if not 0 < width * height <= MOST_PIXELS:",
    "if not 0 < width * height:",
    IMAGES + "test_bombs_are_refused_before_they_are_unpacked",
)
plant(
    "images: the corner instead of the middle",
    FORMATS,
    "left, top = (width - side) // 2, (height - side) // 2",
    "left, top = 0, 0",
    IMAGES + "test_the_middle_square_is_taken",
)
plant(
    "images: every kind that Pillow knows",
    FORMATS,
    "    if kind is None:\n        raise Unreadable(",
    '    if kind is None and data[:2] != b"II":\n        raise Unreadable(',
    IMAGES + "test_what_is_no_image_is_told_apart",
    more=(("formats=[kind]", "formats=None"),),
)
plant(
    "resizing: shrinking without a filter as wide as the step",
    "data/resize.py",
    "/ max(scale, 1.0)",
    "/ 1.0",
    RESIZE + "test_the_same_as_pillows_bicubic",
)
plant(
    "resizing: corners instead of centres",
    "data/resize.py",
    "distance = (np.arange(before) + 0.5 - centres)",
    "distance = (np.arange(before) - centres)",
    RESIZE + "test_the_same_as_pillows_bicubic",
    RESIZE + "test_weights_sum_to_one_and_mirror",
)
plant(
    "resizing: overshoot wraps around",
    "data/resize.py",
    "np.clip(np.rint(part), 0, 255).astype(np.uint8)",
    "np.rint(part).astype(np.int64).astype(np.uint8)",
    RESIZE + "test_the_same_as_pillows_bicubic",
)
plant(
    "grey: blue for red",
    "data/resize.py",
    "np.array([299, 587, 114], np.uint32)",
    "np.array([114, 587, 299], np.uint32)",
    RESIZE + "test_grey_and_rgb",
)

# -- folders -----------------------------------------------------------------------

plant(
    "folders: labels from the last folder on the way",
    FOLDERS,
    'file.split("/", 1)[0]',
    'file.rsplit("/", 1)[0]',
    FOLDER + "test_one_class_unless_every_image_lies_in_a_subfolder",
)
plant(
    "folders: a changed file is not noticed",
    FOLDERS,
    r'f"\0{count} {changed}\n".encode()',
    r'b"\0"',
    FOLDER + "test_the_fingerprint_follows_the_pixels_not_dates_or_places",
)
plant(
    "folders: what cannot be read is left out in silence",
    FOLDERS,
    "if problems and not options.skip:",
    "if False:",
    FOLDER + "test_what_cannot_be_read_is_listed_and_refused",
)
plant(
    "folders: a damaged copy is used",
    "data/pixels.py",
    "labels.shape == shape[:1] and sha256 == meaning(hashed(images), about)",
    "labels.shape == shape[:1]",
    FOLDER + "test_a_damaged_copy_is_made_anew",
    "tests/data/test_reader_fuzz.py::test_copies_of_folders",
)
plant(
    "folders: half a copy gets the name of a whole one",
    "data/pixels.py",
    "    except BaseException:\n        with suppress(OSError):\n"
    "            temporary.unlink()\n        raise",
    "    except BaseException:\n        os.replace(temporary, path)\n        raise",
    FOLDER + "test_an_interrupt_leaves_nothing",
)

# -- what recipes do to images -----------------------------------------------------

plant(
    "mirroring: upside down",
    "recipes/dcgan.py",
    "where(turn, x[..., ::-1], x)",
    "where(turn, x[..., ::-1, :], x)",
    AUGMENTATION + "test_half_of_the_images_are_mirrored_left_to_right",
)
plant(
    "mirroring: digits too",
    "recipes/dcgan.py",
    'return self.data.symmetric if asked == "auto" else asked == "yes"',
    'return asked != "no"',
    AUGMENTATION + "test_faces_are_mirrored_and_digits_are_not",
)
plant(
    "denoising: the noise is what has to come back",
    "models/autoencoder.py",
    "F.mse_loss(model(x if noisy is None else noisy), x)",
    "F.mse_loss(model(x if noisy is None else noisy), x if noisy is None else noisy)",
    AUTOENCODERS + "test_the_target_is_the_clean_image",
)
plant(
    "denoising: each channel has a mask of its own",
    "models/autoencoder.py",
    "ranks = lambda: rng.random((n, h * w))",
    "ranks = lambda: rng.random((n, c * h * w))",
    AUTOENCODERS + "test_masking_hides_exactly_that_share_and_nothing_else",
    more=(
        ("n, _, h, w = x.shape\n        ranks", "n, c, h, w = x.shape\n        ranks"),
        (
            "(ranks() < round(masked * h * w)).reshape(n, 1, h, w)",
            "(ranks() < round(masked * c * h * w)).reshape(n, c, h, w)",
        ),
    ),
)
plant(
    "resuming: an option that was not there then has changed",
    "train/run.py",
    "then |= {**type(recipe.config)().to_dict(), **before.config}",
    "then |= before.config",
    "tests/train/test_older_runs.py::test_an_option_that_was_not_there_cannot_be_changed",
)
