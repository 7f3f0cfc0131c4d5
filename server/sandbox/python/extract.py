"""Reads the user's own Python files: functions that could be tasks, and the asserts about them that can be judged."""
import copy as _copy

_RELATIVE = 1e-6  # pytest.approx's defaults
_ABSOLUTE = 1e-12


class _Unfit(Exception):
    """Why an assert is not converted."""


def describe_file(text):
    """{source} → {functions, asserts, skipped, error}.

    functions: [{name, head, body, needs}] with `needs` the code of the same file that the function uses;
    asserts: [{function, test, line, doctest}]; skipped: [{line, reason}].
    """
    source = _json.loads(text)['source']
    try:
        tree = _ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return dumps({'functions': [], 'asserts': [], 'skipped': [], 'error': str(error)[:120]})
    functions, asserts, skipped = [], [], []
    for node in tree.body:
        if isinstance(node, _ast.FunctionDef) and not node.name.startswith('test'):
            functions.append(_function(node, tree, source))
            _doctests(node, asserts, skipped)
        elif isinstance(node, _ast.FunctionDef):
            _test_function(node, asserts, skipped)
        elif isinstance(node, _ast.ClassDef) and node.name.startswith('Test'):
            for member in node.body:
                if isinstance(member, _ast.FunctionDef) and member.name.startswith('test'):
                    _test_function(member, asserts, skipped)
        elif isinstance(node, _ast.Assert):
            _convert(node, {}, asserts, skipped)
    return dumps({'functions': functions, 'asserts': asserts, 'skipped': skipped, 'error': None})


def _function(node, tree, source):
    lines = source.splitlines(keepends=True)
    decorated = min([node.lineno] + [d.lineno for d in node.decorator_list])
    documented = _ast.get_docstring(node, clean=False) is not None
    statements = node.body[1:] if documented else node.body
    if not statements or statements[0].lineno <= node.lineno:
        # A body on the line of its signature, or no body but the docstring.
        return {'name': node.name, 'head': '', 'body': '', 'needs': '', 'text': ''}
    start = min([statements[0].lineno] + [d.lineno for d in getattr(statements[0], 'decorator_list', [])])
    head = ''.join(lines[decorated - 1:(node.body[0].lineno if documented else start) - 1])
    if documented:
        head += _one_example(''.join(lines[node.body[0].lineno - 1:node.body[0].end_lineno]))
        if not head.endswith('\n'):
            head += '\n'
    return {'name': node.name, 'head': head, 'body': ''.join(lines[start - 1:node.end_lineno]),
            'needs': _needs(node, tree, lines), 'text': (_ast.get_docstring(node) or '').split('>>>')[0].strip()}


def _one_example(docstring):
    """The docstring with its first example only: the others are the hidden tests."""
    kept, examples, skipping = [], 0, False
    for line in docstring.splitlines(keepends=True):
        stripped = line.strip()
        if stripped.startswith('>>>'):
            examples += 1
            skipping = examples > 1
        elif stripped == '' or stripped in ('"""', "'''"):
            skipping = False
        if not skipping or stripped.endswith(('"""', "'''")):
            kept.append(line if not skipping else '"""\n' if '"""' in line else "'''\n")
    return ''.join(kept)


def _needs(node, tree, lines):
    """Source of the other top-level statements that the function uses, directly or through one another."""
    binds = {}
    for other in tree.body:
        if other is node:
            continue
        for name in _bound_at_top(other):
            binds[name] = other
    wanted, queue = [], [node]
    while queue:
        for n in _ast.walk(queue.pop()):
            other = binds.get(n.id) if isinstance(n, _ast.Name) else None
            if other is not None and other not in wanted:
                wanted.append(other)
                queue.append(other)
    wanted.sort(key=lambda n: n.lineno)
    first = [min([n.lineno] + [d.lineno for d in getattr(n, 'decorator_list', [])]) for n in wanted]
    return ''.join(''.join(lines[a - 1:n.end_lineno]).rstrip('\n') + '\n' for a, n in zip(first, wanted))


def _bound_at_top(node):
    if isinstance(node, (_ast.FunctionDef, _ast.ClassDef, _ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, (_ast.Import, _ast.ImportFrom)):
        return [(a.asname or a.name).split('.')[0] for a in node.names]
    targets = node.targets if isinstance(node, _ast.Assign) else [node.target] if isinstance(node, _ast.AnnAssign) else []
    return [n.id for t in targets for n in _ast.walk(t) if isinstance(n, _ast.Name)]


def _doctests(node, asserts, skipped):
    """The docstring's examples of the form `>>> call` with a literal on the lines below."""
    lines = (_ast.get_docstring(node, clean=False) or '').splitlines()
    for number, text in enumerate(lines):
        if not text.strip().startswith('>>> '):
            continue
        line = node.body[0].lineno + number
        want = []
        for following in lines[number + 1:]:
            if following.strip() == '' or following.strip().startswith(('>>>', '...')):
                break
            want.append(following.strip())
        try:
            call = _ast.parse(text.strip()[4:], mode='eval').body
            expected = _ast.parse(' '.join(want), mode='eval').body
        except SyntaxError:
            skipped.append({'line': line, 'reason': 'the example is not a call with a literal below it'})
            continue
        _convert(_ast.Assert(_ast.Compare(call, [_ast.Eq()], [expected]), None), {}, asserts, skipped, line, True)


def _test_function(node, asserts, skipped):
    tables = [d for d in node.decorator_list if isinstance(d, _ast.Call) and _ast.unparse(d.func).endswith('parametrize')]
    try:
        rows = _rows(tables)
    except _Unfit as error:
        skipped.append({'line': node.lineno, 'reason': str(error)})
        return
    parameters = [a.arg for a in node.args.args if a.arg != 'self']
    for row in rows:
        missing = [p for p in parameters if p not in row]
        if missing:
            skipped.append({'line': node.lineno, 'reason': 'it takes the fixture %s' % missing[0]})
            return
        known = dict(row)
        for statement in node.body:
            _statement(statement, known, asserts, skipped)


def _rows(tables):
    """The rows of the parametrised tables, crossed, each as {name: literal node}."""
    rows = [{}]
    for table in tables:
        if len(table.args) < 2:
            raise _Unfit('its table has no values')
        try:
            names = _ast.literal_eval(table.args[0])
        except ValueError:
            raise _Unfit('the names of its table are not literals')
        names = [n.strip() for n in names.split(',')] if isinstance(names, str) else list(names)
        values = getattr(table.args[1], 'elts', None)
        if values is None:
            raise _Unfit('its table is not written out')
        own = []
        for value in values:
            if isinstance(value, _ast.Call) and _ast.unparse(value.func).endswith('param'):
                cells = value.args
            else:
                cells = [value] if len(names) == 1 else getattr(value, 'elts', [])
            if len(cells) != len(names):
                raise _Unfit('a row of its table has not as many values as there are names')
            own.append(dict(zip(names, cells)))
        rows = [{**a, **b} for a in rows for b in own]
    return rows


def _statement(node, known, asserts, skipped):
    if isinstance(node, _ast.Assert):
        _convert(node, known, asserts, skipped)
    elif isinstance(node, _ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], _ast.Name):
        value = _Substitute(known).visit(_copy.deepcopy(node.value))
        name = node.targets[0].id
        if _is_literal(value) or isinstance(value, _ast.Call):
            known[name] = value
        else:
            known.pop(name, None)
    elif isinstance(node, _ast.Expr) and isinstance(node.value, _ast.Constant):
        pass
    else:
        kind = {'With': 'a with block', 'For': 'a loop', 'Try': 'a try block', 'If': 'a condition'}
        skipped.append({'line': node.lineno, 'reason': '%s is not converted' % kind.get(type(node).__name__, 'a statement that is no assert')})


class _Substitute(_ast.NodeTransformer):
    def __init__(self, known):
        self.known = known

    def visit_Name(self, node):
        return _copy.deepcopy(self.known.get(node.id, node))


def _is_literal(node):
    try:
        _ast.literal_eval(node)
        return True
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return isinstance(node, _ast.Call) and _ast.unparse(node.func) in ('set', 'frozenset') and not node.args


def _convert(node, known, asserts, skipped, line=None, doctest=False):
    line = line or node.lineno
    try:
        function, test = _fit(_Substitute(known).visit(_copy.deepcopy(node.test)))
        asserts.append({'function': function, 'test': 'assert ' + test, 'line': line, 'doctest': doctest})
    except _Unfit as error:
        skipped.append({'line': line, 'reason': str(error)})


def _fit(test):
    """(function, expression) of an assert that can be judged; raises _Unfit."""
    if isinstance(test, _ast.UnaryOp) and isinstance(test.op, _ast.Not):
        name = _call(test.operand)
        return name, 'not ' + _ast.unparse(test.operand)
    if isinstance(test, _ast.Call) and _ast.unparse(test.func) in ('math.isclose', 'isclose') and len(test.args) == 2:
        return _close(test.args[0], test.args[1], test.keywords, 'rel_tol', 'abs_tol', 1e-9, 0.0)
    if isinstance(test, _ast.Call):
        return _call(test), _ast.unparse(test)
    if not (isinstance(test, _ast.Compare) and len(test.ops) == 1):
        raise _Unfit('it is neither a call nor a comparison of a call')
    left, right = test.left, test.comparators[0]
    if not isinstance(test.ops[0], (_ast.Eq, _ast.Is)):
        raise _Unfit('it compares by something other than ==')
    if not isinstance(left, _ast.Call) or _is_approx(left) or _is_literal(left):
        left, right = right, left
    if _is_approx(right):
        return _close(left, right.args[0], right.keywords, 'rel', 'abs', _RELATIVE, _ABSOLUTE)
    name = _call(left)
    if not _is_literal(right):
        raise _Unfit('the expected value is not a literal')
    return name, '%s == %s' % (_ast.unparse(left), _ast.unparse(right))


def _is_approx(node):
    return isinstance(node, _ast.Call) and _ast.unparse(node.func) in ('approx', 'pytest.approx') and len(node.args) == 1


def _close(call, value, keywords, relative, absolute, rel, abs_):
    name = _call(call)
    try:
        number = _ast.literal_eval(value)
        given = {k.arg: float(_ast.literal_eval(k.value)) for k in keywords}
    except (ValueError, TypeError):
        raise _Unfit('the expected value is not a literal')
    if type(number) not in (int, float):
        raise _Unfit('approx of something other than a number is not converted')
    # As pytest has it: an absolute tolerance alone switches the relative one off.
    rel = given.get(relative, 0.0 if absolute in given else rel)
    return name, 'math.isclose(%s, %r, rel_tol=%r, abs_tol=%r)' % (_ast.unparse(call), number, rel, given.get(absolute, abs_))


def _call(node):
    """The function of a call whose arguments are literals; raises _Unfit."""
    if not isinstance(node, _ast.Call):
        raise _Unfit('it does not call the function directly')
    if isinstance(node.func, _ast.Attribute) and isinstance(node.func.value, _ast.Name):
        node.func = _ast.Name(node.func.attr, _ast.Load())  # module.function
    if not isinstance(node.func, _ast.Name):
        raise _Unfit('it does not call a function by its name')
    for argument in [*node.args, *(k.value for k in node.keywords)]:
        if not _is_literal(argument):
            raise _Unfit('an argument is not a literal')
    return node.func.id
