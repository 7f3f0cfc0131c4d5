"""The trusted side, in a process of its own: holds the tests, never runs a candidate's code.

Every name that a test takes from the solution is a stub here. A stub whose call has no result yet raises Need, which
yields the list of calls to make; with the results at hand it returns the decoded data.
"""
import ast as _ast

_LIBRARY = frozenset(
    'math re collections itertools sys functools datetime string operator heapq bisect copy random statistics cmath '
    'decimal fractions'.split())
_MAX_CALLS = 2000
_tasks = {}


class Need(BaseException):
    """A call's result is missing."""


class _TooManyCalls(BaseException):
    pass


class _Record(_ast.NodeTransformer):
    """Every assert records its own outcome and lets the next one run; a missing result ends one statement only."""

    def visit_Assert(self, node):
        return self._wrap(node, [self._call('passed')], [
            ('AssertionError', [self._call('failed')]),
            ('__unmask_error__', [self._call('error', with_error=True)]),
            ('__unmask_need__', [_ast.Pass()])])

    def visit_Expr(self, node):
        self.generic_visit(node)
        return self._wrap(node, [], [('__unmask_need__', [_ast.Pass()])])

    def _wrap(self, node, after, handlers):
        def name(n):
            return _ast.Name(n, _ast.Load())
        return _ast.Try([node], [_ast.ExceptHandler(name(n), '__unmask_e__', body) for n, body in handlers], after, [])

    def _call(self, outcome, with_error=False):
        args = [_ast.Constant(outcome)] + ([_ast.Name('__unmask_e__', _ast.Load())] if with_error else [])
        return _ast.Expr(_ast.Call(_ast.Name('__unmask_record__', _ast.Load()), args, []))


def _compile(source, name):
    return compile(_ast.fix_missing_locations(_Record().visit(_ast.parse(source))), name, 'exec', dont_inherit=True)


def _names(source):
    """Names that the source binds anywhere, and those it only uses."""
    bound, used = set(), {}
    for n in _ast.walk(_ast.parse(source)):
        if isinstance(n, (_ast.FunctionDef, _ast.ClassDef, _ast.AsyncFunctionDef)):
            bound.add(n.name)
        elif isinstance(n, _ast.arg):
            bound.add(n.arg)
        elif isinstance(n, _ast.ExceptHandler) and n.name:
            bound.add(n.name)
        elif isinstance(n, (_ast.Import, _ast.ImportFrom)):
            bound.update((a.asname or a.name).split('.')[0] for a in n.names)
        elif isinstance(n, _ast.Name):
            if isinstance(n.ctx, _ast.Load):
                used[n.id] = True
            else:
                bound.add(n.id)
    return bound, [n for n in used if n not in bound]


def _top_level(source):
    """Names a solution defines at its top level, and the imports among them as source."""
    names, imports = [], []
    try:
        body = _ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return names, imports
    for n in body:
        if isinstance(n, (_ast.FunctionDef, _ast.ClassDef, _ast.AsyncFunctionDef)):
            names.append(n.name)
        elif isinstance(n, _ast.Assign):
            names.extend(t.id for t in n.targets if isinstance(t, _ast.Name))
        elif isinstance(n, (_ast.Import, _ast.ImportFrom)):
            imports.append(n)
    return names, imports


def register_task(text):
    """{key, setup, tests, reference, entry} → {calls, problem, boolean}.

    The calls that can be made at once, why the task cannot be judged, and whether its answers are all True or False.
    """
    request = _json.loads(text)
    defined, imports = _top_level(request['reference'])
    if request['entry'] and request['entry'] not in defined:
        defined.append(request['entry'])
    try:
        source = request['setup'] + '\n' + '\n'.join(request['tests'])
        bound, used = _names(source)
        task = {'setup': _compile(request['setup'], '<setup>'), 'tests': [_compile(t, '<test>') for t in request['tests']]}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return dumps({'calls': [], 'boolean': False, 'problem': 'a test does not parse (%s)' % str(error)[:80]})
    if not defined:  # without a reference, every name that nothing else explains is the solution's
        defined = [n for n in used if n not in _LIBRARY and not hasattr(builtins, n)]
    task['stubs'] = [n for n in used if n in defined]
    task['modules'] = [n for n in used if n in _LIBRARY and n not in defined]
    needed = _imports_for(used, imports, defined)
    task['imports'] = compile(_ast.Module(needed, []), '<imports>', 'exec', dont_inherit=True)
    _tasks[request['key']] = task
    known = set(task['stubs']) | set(task['modules']) | set(dir(builtins))
    for n in needed:
        known.update((a.asname or a.name).split('.')[0] for a in n.names)
    unknown = [n for n in used if n not in known]
    outcomes, need, unsupported = _execute(task, {})
    problem = None
    if unknown:
        problem = 'the tests use %s, which the reference does not define' % unknown[0][:60]
    elif not task['stubs']:
        problem = 'the tests call nothing that the reference defines'
    else:
        problem = unsupported
    return dumps({'calls': need, 'problem': problem, 'boolean': all(map(_is_boolean, request['tests']))})


def _is_boolean(test):
    """Whether every assert only asks for True or False."""
    for node in _ast.walk(_ast.parse(test)):
        if not isinstance(node, _ast.Assert):
            continue
        what = node.test
        if isinstance(what, _ast.Compare):
            sides = [what.left, *what.comparators]
            if not any(isinstance(s, _ast.Constant) and type(s.value) is bool for s in sides):
                return False
        elif not isinstance(what, _ast.Call) and not (isinstance(what, _ast.UnaryOp) and isinstance(what.op, _ast.Not)):
            return False
    return any(isinstance(n, _ast.Assert) for n in _ast.walk(_ast.parse(test)))


def _imports_for(used, imports, defined):
    """The reference's own imports that its tests rely on."""
    return [n for n in imports if any((a.asname or a.name).split('.')[0] in used and
                                      (a.asname or a.name).split('.')[0] not in defined for a in n.names)]


def judge_batch(text):
    """[{key, calls, results}, …] → [{outcomes: ['passed' | 'failed' | 'error: …'], need: [call, …]} | null, …].

    null: the task is not registered here.
    """
    answers = []
    for item in _json.loads(text):
        task = _tasks.get(item['key'])
        if task is None:
            answers.append(None)
            continue
        outcomes, need, _ = _execute(task, dict(zip(item['calls'], item['results'])))
        answers.append({'outcomes': outcomes, 'need': need})
    return dumps(answers)


def _execute(task, results):
    import random
    random.seed(0)
    outcomes, need, seen = [], [], set()
    unsupported = None

    def record(outcome, error=None):
        outcomes.append(outcome if error is None else 'error: ' + str(error)[:120])

    def stub(name):
        def call(*args, **keywords):
            try:
                key = dumps([name, [encode(x) for x in args], {k: encode(v) for k, v in keywords.items()}])
            except Unencodable as error:
                raise CandidateError('unsupported argument: ' + str(error))
            if key not in results:
                if key not in seen:
                    seen.add(key)
                    need.append(key)
                if len(need) > _MAX_CALLS:
                    raise _TooManyCalls()
                raise Need()
            return _value(results[key])
        return call

    space = {'__name__': 'tests', '__builtins__': builtins, '__unmask_record__': record,
             '__unmask_need__': Need, '__unmask_error__': CandidateError}
    for name in task['modules']:
        space[name] = __import__(name)
    for name in task['stubs']:
        space[name] = stub(name)
    for number, code in enumerate((task['imports'], task['setup'], *task['tests'])):
        before = len(outcomes)
        needed = len(need)
        try:
            exec(code, space)
            if number > 1 and len(outcomes) == before and len(need) == needed:
                outcomes.append('failed')  # no assert was reached
        except Need:
            pass
        except _TooManyCalls:
            outcomes.append('error: the tests make more than %d calls' % _MAX_CALLS)
            break
        except AssertionError:
            outcomes.append('failed')
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            what = str(error)[:120] if isinstance(error, CandidateError) else type(error).__name__ + ': ' + str(error)[:120]
            outcomes.append('error: ' + what)
    for outcome in outcomes:
        if outcome.startswith(('error: unsupported', 'error: ImportError', 'error: ModuleNotFoundError', 'error: the tests')):
            unsupported = outcome[7:]
            break
    return outcomes, need, unsupported


def _value(result):
    if 'v' in result:
        try:
            return decode(_json.loads(result['v']))
        except CandidateError:
            raise
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException:
            raise CandidateError('returned a value that cannot be read')
    if 'u' in result:
        raise CandidateError('returned a value that is not judged: ' + str(result['u'])[:80])
    error = result['e']
    kind = getattr(builtins, error['type'], None)
    if isinstance(kind, type) and issubclass(kind, Exception) and kind is not AssertionError:
        raise _raised(kind)(error['type'])
    raise CandidateError(error['type'])


def _raised(kind):
    """The candidate's exception for tests that expect one: of the built-in type it had, and known as the candidate's."""
    return type(kind.__name__, (CandidateError, kind), {})
