"""tinygen list [RECIPE]: the recipes, or the options of one."""

from tinygen.cli.command import command


def add(commands) -> None:
    """tinygen list [RECIPE]"""
    one = command(commands, "list", list_recipes, "recipes, or the options of one")
    one.add_argument("recipe", nargs="?", metavar="RECIPE")


def list_recipes(args) -> int:
    """Print the recipes, or the options of one."""
    from tinygen.recipes import RECIPES
    from tinygen.recipes.trained import find
    from tinygen.train.config import shown

    if args.recipe is None:
        width = max(map(len, RECIPES))
        for name, recipe in RECIPES.items():
            print(f"{name:{width}}  {recipe.summary}")
        return 0
    for one in find(args.recipe).Config.options():
        print(f"{one.name:14} {shown(one.default):>14}  {one.help} ({one.possible})")
    return 0
