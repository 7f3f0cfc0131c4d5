"""What is computed from a trusted reference: its mutants, and the values it gives."""

_OPERATORS = {
    _ast.Add: (_ast.Sub, _ast.Mult), _ast.Sub: (_ast.Add, _ast.FloorDiv), _ast.Mult: (_ast.Add, _ast.FloorDiv),
    _ast.FloorDiv: (_ast.Mult, _ast.Mod), _ast.Div: (_ast.FloorDiv, _ast.Mult), _ast.Mod: (_ast.FloorDiv, _ast.Sub),
    _ast.Pow: (_ast.Mult,), _ast.BitAnd: (_ast.BitOr,), _ast.BitOr: (_ast.BitAnd,), _ast.BitXor: (_ast.BitAnd,),
    _ast.LShift: (_ast.RShift,), _ast.RShift: (_ast.LShift,),
    _ast.Lt: (_ast.LtE, _ast.Gt), _ast.LtE: (_ast.Lt, _ast.GtE), _ast.Gt: (_ast.GtE, _ast.Lt), _ast.GtE: (_ast.Gt, _ast.LtE),
    _ast.Eq: (_ast.NotEq,), _ast.NotEq: (_ast.Eq,), _ast.In: (_ast.NotIn,), _ast.NotIn: (_ast.In,),
    _ast.Is: (_ast.IsNot,), _ast.IsNot: (_ast.Is,), _ast.And: (_ast.Or,), _ast.Or: (_ast.And,), _ast.USub: (_ast.UAdd,)}
_OPPOSITES = {'min': 'max', 'max': 'min', 'all': 'any', 'any': 'all', 'sorted': 'list', 'upper': 'lower', 'lower': 'upper',
          'append': 'remove', 'startswith': 'endswith', 'endswith': 'startswith', 'isdigit': 'isalpha', 'isalpha': 'isdigit',
          'isupper': 'islower', 'islower': 'isupper', 'lstrip': 'rstrip', 'rstrip': 'lstrip', 'ljust': 'rjust', 'rjust': 'ljust',
          'keys': 'values', 'values': 'keys', 'floor': 'ceil', 'ceil': 'floor', 'abs': 'int', 'sum': 'len', 'len': 'sum'}


def mutants(text):
    """{code} → [code, …]: the code with one token changed, every place and every change in turn."""
    source = _json.loads(text)['code']
    parsed = _ast.parse(source)
    original = _ast.unparse(parsed)
    texts = {id(n.value) for n in _ast.walk(parsed) if isinstance(n, _ast.Expr)}  # docstrings
    out = []
    for index, node in enumerate(_ast.walk(parsed)):
        if id(node) in texts:
            continue
        for kind in range(len(_changes(node))):
            tree = _ast.parse(source)
            target = list(_ast.walk(tree))[index]
            _changes(target)[kind]()
            mutant = _ast.unparse(_ast.fix_missing_locations(tree))
            if mutant != original and mutant not in out:
                out.append(mutant)
    return dumps(out)


def _changes(node):
    """Functions that each change one token of the node."""
    def put(field, value):
        return lambda: setattr(node, field, value)

    if isinstance(node, _ast.Constant):
        return [put('value', value) for value in _other_constants(node.value)]
    if isinstance(node, _ast.Compare):
        return [put('ops', [other(), *node.ops[1:]]) for other in _OPERATORS.get(type(node.ops[0]), ())]
    if isinstance(node, (_ast.BinOp, _ast.AugAssign, _ast.BoolOp, _ast.UnaryOp)):
        return [put('op', other()) for other in _OPERATORS.get(type(node.op), ())]
    if isinstance(node, _ast.Name) and node.id in _OPPOSITES:
        return [put('id', _OPPOSITES[node.id])]
    if isinstance(node, _ast.Attribute) and node.attr in _OPPOSITES:
        return [put('attr', _OPPOSITES[node.attr])]
    if isinstance(node, _ast.Return) and node.value is not None:
        return [put('value', _ast.Constant(None)), put('value', _ast.Tuple([node.value], _ast.Load()))]
    return []


def _other_constants(value):
    if type(value) is bool:
        return [not value]
    if type(value) is int:
        return [value + 1, value - 1]
    if type(value) is float:
        return [value + 1]
    if type(value) is str:
        return [value + 'x']
    return []


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
