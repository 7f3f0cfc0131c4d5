from fractions import Fraction

recipe = {
    'name': 'pancakes',
    'servings': 4,
    'ingredients': {
        'flour': ('g', 200),
        'milk': ('ml', 300),
        'eggs': ('', 2),
        'salt': ('tsp', 1),
    },
}


def scale(recipe, servings):
    factor = servings / recipe['servings']
    ingredients = {}
    for name, (unit, amount) in recipe['ingredients'].items():
        ingredients[name] = (unit, amount * factor)
    return {
        'name': recipe['name'],
        'servings': servings,
        'ingredients': ingredients,
    }


def format_amount(amount):
    if amount == int(amount):
        return str(int(amount))
    fraction = Fraction(amount).limit_denominator(8)
    whole = fraction.numerator // fraction.denominator
    rest = fraction - whole
    if whole == 0:
        return str(rest)
    return f'{whole} {rest}'


def shopping_list(recipes):
    totals = {}
    for recipe in recipes:
        for name, (unit, amount) in recipe['ingredients'].items():
            key = (name, unit)
            totals[key] = totals.get(key, 0) + amount
    return totals


def print_recipe(recipe):
    print(recipe['name'].title())
    print('=' * len(recipe['name']))
    print('for', recipe['servings'], 'people')
    for name, (unit, amount) in recipe['ingredients'].items():
        print('-', format_amount(amount), unit, name)


if __name__ == '__main__':
    for servings in (2, 4, 6):
        print_recipe(scale(recipe, servings))
        print()
