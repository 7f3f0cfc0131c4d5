"""Values as data: the closed set of types that crosses between a candidate's process and the judge, as JSON.

A plain JSON scalar is itself; everything else is [tag, ...]. Subclasses collapse to their base data, so that no
behaviour of a candidate's own classes crosses. Both sides run this file; Python 3.9 or newer.
"""
import array as _array
import builtins
import collections as _collections
import datetime as _datetime
import decimal as _decimal
import fractions as _fractions
import itertools as _itertools
import json as _json

MAX_NODES = 200_000
MAX_DEPTH = 60
MAX_INT_BITS = 1 << 20
MAX_ITEMS = 50_000
MAX_DECIMAL_EXPONENT = 10_000


class Unencodable(Exception):
    """The value is too large, or of a type that does not cross."""


_SEQUENCES = {list: 'l', tuple: 't', set: 's', frozenset: 'f', _collections.deque: 'q'}
_MAPPINGS = {dict: 'd', _collections.OrderedDict: 'o', _collections.Counter: 'C', _collections.defaultdict: 'd'}
_VIEWS = {type({}.keys()): 'vk', type({}.values()): 'vv', type({}.items()): 'vi'}
_ITERATORS = frozenset(type(x) for x in (
    iter([]), iter(()), iter({}), iter({}.values()), iter({}.items()), iter(set()), iter(''), iter('\u0100'), iter(b''),
    iter(range(0)), iter(range(1 << 70)), map(id, []), zip(), filter(id, []), reversed([]), reversed(()), enumerate([]), (i for i in ()),
    _itertools.chain(), _itertools.islice([], 0), _itertools.count(), _itertools.cycle([]), _itertools.repeat(1),
    _itertools.accumulate([]), _itertools.product(), _itertools.permutations([]), _itertools.combinations([], 0),
    _itertools.combinations_with_replacement([], 0), _itertools.compress([], []), _itertools.filterfalse(id, []),
    _itertools.groupby([]), _itertools.starmap(id, []), _itertools.takewhile(id, []), _itertools.dropwhile(id, []),
    _itertools.zip_longest()))
_TYPES = {t.__name__: t for t in (int, float, str, bool, list, tuple, dict, set, frozenset, bytes, complex, type(None))}
# In this order: bool is an int.
_BASES = (bool, int, float, str, bytes, list, tuple, dict, set, frozenset)


def dumps(value):
    return _json.dumps(value, separators=(',', ':'))


def encode(value, opaque=False):
    """The JSON-able form of `value`; raises Unencodable. `opaque`: an unknown object is sent as its truth value."""
    nodes = 0

    def items(iterable, depth):
        return [walk(x, depth + 1) for x in iterable]

    def pairs(iterable, depth):
        return [[walk(k, depth + 1), walk(v, depth + 1)] for k, v in iterable]

    def walk(o, depth):
        nonlocal nodes
        nodes += 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise Unencodable('too large')
        t = type(o)
        if o is None or t is bool or t is float or t is str:
            return o
        if t is int:
            if -(1 << 60) < o < (1 << 60):
                return o
            if o.bit_length() > MAX_INT_BITS:
                raise Unencodable('int too large')
            return ['I', hex(o)]
        if t in _SEQUENCES:
            return [_SEQUENCES[t], items(o, depth)]
        if t in _MAPPINGS:
            return [_MAPPINGS[t], pairs(o.items(), depth)]
        if t in _VIEWS:
            return [_VIEWS[t], items(o, depth)]
        if t in _SCALARS:
            return _SCALARS[t](o)
        if t in _ITERATORS:
            taken = []
            for x in o:
                taken.append(walk(x, depth + 1))
                if len(taken) > MAX_ITEMS:
                    raise Unencodable('iterator too long')
            return ['i', taken]
        for base in _BASES:
            if issubclass(t, base):
                return walk(_COLLAPSE[base](o), depth)
        if t is type and _TYPES.get(o.__name__) is o:
            return ['T', o.__name__]
        if opaque and depth == 0:
            return ['?', bool(o), t.__name__[:60]]
        raise Unencodable('type ' + t.__name__[:60])

    return walk(value, 0)


# A scalar type to its whole encoding.
_SCALARS = {
    complex: lambda o: ['c', o.real, o.imag],
    bytes: lambda o: ['b', o.hex()],
    bytearray: lambda o: ['B', o.hex()],
    range: lambda o: ['r', hex(o.start), hex(o.stop), hex(o.step)],
    _decimal.Decimal: lambda o: ['D', str(o)],
    _fractions.Fraction: lambda o: ['F', hex(o.numerator), hex(o.denominator)],
    _datetime.date: lambda o: ['dt', o.isoformat()],
    _datetime.datetime: lambda o: ['dT', o.isoformat()],
    _datetime.timedelta: lambda o: ['dd', o.days, o.seconds, o.microseconds],
    _array.array: lambda o: ['a', o.typecode, o.tobytes().hex()],
}

# The base data of a subclass's instance, by the base's own methods.
_COLLAPSE = {
    bool: bool,
    int: lambda o: int.__add__(o, 0),
    float: lambda o: float.__add__(o, 0.0),
    str: lambda o: str.__str__(o) if type(str.__str__(o)) is str else str.__add__('', o),
    bytes: lambda o: bytes.fromhex(bytes.hex(o)),
    list: lambda o: list(list.__iter__(o)),
    tuple: lambda o: tuple(list(tuple.__iter__(o))),
    dict: lambda o: {k: v for k, v in dict.items(o)},
    set: lambda o: set(list(set.__iter__(o))),
    frozenset: lambda o: frozenset(list(frozenset.__iter__(o))),
}


class Opaque:
    """What the judge sees of an object that has no encoding: its truth value. Anything else asked of it fails."""
    __slots__ = ('_truth', '_name')

    def __init__(self, truth, name):
        self._truth = truth is True
        self._name = str(name)[:60]

    def __bool__(self):
        return self._truth

    def _refuse(self, *_):
        raise CandidateError('returned an object of type ' + self._name)

    __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __getitem__ = __iter__ = __len__ = _refuse
    __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __getattr__ = _refuse
    __hash__ = None


class CandidateError(BaseException):
    """The candidate raised, or returned what cannot be judged; a BaseException so that tests do not swallow it."""


def decode(value):
    """The inverse of `encode`. Raises for anything malformed, too deep or too large; never builds other types."""

    def whole(text):
        if len(text) > MAX_INT_BITS // 4 + 8:
            raise ValueError('int too large')
        return int(text, 16)

    def walk(v, depth):
        if v is None or type(v) in (bool, int, float, str):
            return v
        if depth > MAX_DEPTH or type(v) is not list:
            raise ValueError('malformed')
        tag = v[0]
        if tag in _DECODE_ITEMS:
            return _DECODE_ITEMS[tag]([walk(x, depth + 1) for x in v[1]])
        if tag in _DECODE_PAIRS:
            return _DECODE_PAIRS[tag]((walk(a, depth + 1), walk(b, depth + 1)) for a, b in v[1])
        if tag == 'I':
            return whole(v[1])
        if tag == 'r':
            r = range(whole(v[1]), whole(v[2]), whole(v[3]))
            if r[MAX_ITEMS:]:
                raise ValueError('range too long')
            return r
        if tag == 'F':
            return _fractions.Fraction(whole(v[1]), whole(v[2]))
        return _DECODE_SCALARS[tag](*v[1:])

    return walk(value, 0)


def _decimal_of(text):
    number = _decimal.Decimal(text)
    if number.is_finite() and abs(number.adjusted()) > MAX_DECIMAL_EXPONENT:
        raise ValueError('exponent too large')
    return number


_DECODE_ITEMS = {
    'l': list, 't': tuple, 's': set, 'f': frozenset, 'q': _collections.deque, 'i': iter,
    # Real views, whose equality rules are those of the language.
    'vk': lambda x: dict.fromkeys(x).keys(),
    'vv': lambda x: dict(enumerate(x)).values(),
    'vi': lambda x: dict(x).items(),
}
_DECODE_PAIRS = {'d': dict, 'o': _collections.OrderedDict, 'C': lambda x: _collections.Counter(dict(x))}
_DECODE_SCALARS = {
    'c': lambda a, b: complex(a, b),
    'b': bytes.fromhex,
    'B': bytearray.fromhex,
    'D': _decimal_of,
    'dt': _datetime.date.fromisoformat,
    'dT': _datetime.datetime.fromisoformat,
    'dd': lambda d, s, m: _datetime.timedelta(d, s, m),
    'a': lambda code, data: _array.array(code, bytes.fromhex(data)),
    'T': _TYPES.__getitem__,
    '?': Opaque,
}
