"""The recipes that come with the project can be run as they stand."""

from pathlib import Path

import pytest

from zaohua.recipe import read_recipe

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*/recipe.toml"))
OF_ANY_TEXT = ("classics", "mixed", "shakespeare-char")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.parent.name)
def test_a_recipe_is_read_and_says_how_long_it_takes(path):
    recipe = read_recipe(path, {})
    assert recipe.name == path.parent.name
    assert recipe.minutes or recipe.pretrain.steps
    assert recipe.corpus.sources or path.parent.name in OF_ANY_TEXT, "what is learned from is named"


def test_there_are_recipes():
    assert {"tiny", "microworld", *OF_ANY_TEXT} <= {path.parent.name for path in RECIPES}
