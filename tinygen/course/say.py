"""The one place from which the course speaks to the reader of a notebook."""


def say(text: str, markdown: str = "", facts=None) -> None:
    """Show text in a notebook, or print it where there is none.

    markdown : the same, as a table or with emphasis, for viewers that render it
    facts : what a program may read back from the stored output
    """
    if not (markdown or facts) or not in_notebook():
        print(text)
        return
    from IPython.display import display  # readers of plain Python need no notebook

    bundle = {"text/plain": text}
    if markdown:
        bundle["text/markdown"] = markdown
    display(bundle, raw=True, metadata={"tinygen": facts} if facts else {})


def in_notebook() -> bool:
    """Whether a notebook's kernel is running this."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and hasattr(shell, "kernel")


def picture(png: bytes, width: int) -> None:
    """Show PNG bytes, animated or not, `width` pixels across; nothing outside one."""
    if in_notebook():
        from IPython.display import Image, display

        display(Image(data=png, format="png", width=width))
