"""What is computed from a trusted reference: its mutants, and the values it gives."""

_ARITHMETIC = {_ast.Add: _ast.Sub, _ast.Sub: _ast.Add, _ast.Mult: _ast.Add, _ast.FloorDiv: _ast.Mult, _ast.Div: _ast.FloorDiv,
               _ast.Mod: _ast.FloorDiv, _ast.Pow: _ast.Mult, _ast.BitAnd: _ast.BitOr, _ast.BitOr: _ast.BitAnd,
               _ast.BitXor: _ast.BitAnd, _ast.LShift: _ast.RShift, _ast.RShift: _ast.LShift}
_COMPARISON = {_ast.Lt: _ast.LtE, _ast.LtE: _ast.Lt, _ast.Gt: _ast.GtE, _ast.GtE: _ast.Gt, _ast.Eq: _ast.NotEq,
               _ast.NotEq: _ast.Eq, _ast.In: _ast.NotIn, _ast.NotIn: _ast.In, _ast.Is: _ast.IsNot, _ast.IsNot: _ast.Is}
_OPPOSITES = {'min': 'max', 'max': 'min', 'all': 'any', 'any': 'all', 'sorted': 'list', 'upper': 'lower', 'lower': 'upper',
          'append': 'remove', 'startswith': 'endswith', 'endswith': 'startswith', 'isdigit': 'isalpha', 'isalpha': 'isdigit',
          'isupper': 'islower', 'islower': 'isupper', 'lstrip': 'rstrip', 'rstrip': 'lstrip', 'ljust': 'rjust', 'rjust': 'ljust',
          'keys': 'values', 'values': 'keys', 'floor': 'ceil', 'ceil': 'floor', 'abs': 'int', 'sum': 'len', 'len': 'sum'}


def mutants(text):
    """{code} → [code, …]: the code with one token changed, every place in turn."""
    source = _json.loads(text)['code']
    out = []
    places = len(list(_ast.walk(_ast.parse(source))))
    for index in range(places):
        for kind in range(3):
            tree = _ast.parse(source)
            node = list(_ast.walk(tree))[index]
            if _change(node, kind):
                mutant = _ast.unparse(_ast.fix_missing_locations(tree))
                if mutant not in out:
                    out.append(mutant)
    return dumps(out)


def _change(node, kind):
    """Changes one token of the node, in the kind-th way it has; False when it has none."""
    if isinstance(node, _ast.Constant):
        return _change_constant(node, kind)
    if kind > 0:
        return False
    if isinstance(node, (_ast.BinOp, _ast.AugAssign)) and type(node.op) in _ARITHMETIC:
        node.op = _ARITHMETIC[type(node.op)]()
    elif isinstance(node, _ast.Compare) and type(node.ops[0]) in _COMPARISON:
        node.ops[0] = _COMPARISON[type(node.ops[0])]()
    elif isinstance(node, _ast.BoolOp):
        node.op = _ast.Or() if isinstance(node.op, _ast.And) else _ast.And()
    elif isinstance(node, _ast.UnaryOp) and isinstance(node.op, (_ast.USub, _ast.Not)):
        node.op = _ast.UAdd() if isinstance(node.op, _ast.USub) else _ast.Not()
        return isinstance(node.op, _ast.UAdd)
    elif isinstance(node, _ast.Name) and node.id in _OPPOSITES:
        node.id = _OPPOSITES[node.id]
    elif isinstance(node, _ast.Attribute) and node.attr in _OPPOSITES:
        node.attr = _OPPOSITES[node.attr]
    else:
        return False
    return True


def _change_constant(node, kind):
    value = node.value
    if type(value) is bool and kind == 0:
        node.value = not value
    elif type(value) is int and kind < 2:
        node.value = value + (1 if kind == 0 else -1)
    elif type(value) is float and kind == 0:
        node.value = value + 1
    elif type(value) is str and kind == 0:
        node.value = value + 'x' if value else 'x'
    else:
        return False
    return True


def expected_values(text):
    """{code, entry, inputs: [[argument, …], …]} → [literal text | null, …]: what the reference returns for each input.

    null: it raises, or its value has no literal that reads back equal.
    """
    request = _json.loads(text)
    space = {'__name__': 'reference'}
    exec(compile(request['code'], '<reference>', 'exec', dont_inherit=True), space)
    out = []
    for arguments in request['inputs']:
        try:
            written = repr(space[request['entry']](*_json.loads(_json.dumps(arguments))))
            out.append(written if _ast.literal_eval(written) == _ast.literal_eval(written) else None)
        except Exception:
            out.append(None)
    return dumps(out)
