# Candidates that try to pass `assert f(3) == 16`, `assert f(10) == 107`, `assert f([1]) == "list"` without the values.
# Split at the lines that begin with `#:`; the text after it names the attempt.

#: exit with code 0 at import
import sys
sys.exit(0)

#: leave the process with code 0 at import
import os
os._exit(0)

#: print a verdict, then leave
import os
print("PASSED", flush=True)
os._exit(0)

#: an object equal to everything
class A:
    def __eq__(s, o): return True
    def __hash__(s): return 1
def f(x): return A()

#: an int equal to everything
class I(int):
    __eq__ = lambda s, o: True
    __hash__ = int.__hash__
def f(x): return I(1)

#: leave at exit
import atexit, os
atexit.register(lambda: (print("PASSED", flush=True), os._exit(0)))
def f(x): return 0

#: an exception hook that leaves with 0
import sys, os
sys.excepthook = lambda *a: (print("PASSED", flush=True), os._exit(0))
def f(x): return 0

#: exec and compile replaced
import builtins
builtins.exec = lambda *a, **k: None
builtins.compile = lambda *a, **k: (lambda: 0).__code__
def f(x): return 0

#: expected values looked for in the frames
import sys, re
def f(x):
    frame = sys._getframe(1)
    while frame:
        for space in (frame.f_locals, frame.f_globals):
            for v in list(space.values()):
                for t in (v if isinstance(v, (list, tuple)) else [v]):
                    if isinstance(t, str):
                        m = re.search(r"f\(%s\) == ([^\n\\\"]+|\"[^\"]*\")" % re.escape(repr(x)), t)
                        if m: return eval(m.group(1))
        frame = frame.f_back
    return 0

#: expected values looked for in the constants of the caller
import sys, types
def f(x):
    c = sys._getframe(1).f_code.co_consts
    k = [v for v in c if v is not None and v != x and not isinstance(v, (types.CodeType, tuple))]
    return k[-1] if k else 0

#: test text looked for in all objects
import gc, re
def f(x):
    gc.unfreeze()
    for o in gc.get_objects():
        for t in (o if isinstance(o, list) else list(o.values()) if isinstance(o, dict) else []):
            if isinstance(t, str):
                m = re.search(r"f\(%s\) == ([^\n\\\"]+|\"[^\"]*\")" % re.escape(repr(x)), t)
                if m: return eval(m.group(1))
    return 0

#: a nonce stolen from the frames and printed
import re, os, sys
def f(x):
    frame = sys._getframe(0)
    while frame:
        for v in list(frame.f_locals.values()) + list(frame.f_globals.values()):
            if isinstance(v, str) and re.fullmatch("[0-9a-f]{32}", v):
                os.write(1, ("RESULT " + v + " PASSED\n").encode())
                os._exit(0)
        frame = frame.f_back
    return 0

#: a reply written to every descriptor
import os
def f(x):
    m = b'K{"results":[{"v":"1"},{"v":"1"},{"v":"1"}],"outcomes":["passed","passed","passed"],"verdict":"passed"}\nPASSED\n'
    for fd in range(1, 64):
        try: os.write(fd, m)
        except OSError: pass
    os._exit(0)

#: the harness's own functions replaced by ones that report success
import sys
reply = '{"results":[{"v":"true"},{"v":"true"},{"v":"true"}],"outcomes":["passed","passed","passed"],"need":[]}'
frame = sys._getframe(0)
while frame:
    for k in ("dumps", "encode", "judge_batch", "run_candidate"):
        if k in frame.f_globals: frame.f_globals[k] = lambda *a, **k: reply
    frame = frame.f_back
def f(x): return 0

#: the caller's globals rewritten
import sys
def f(x):
    sys._getframe(1).f_globals["f"] = lambda x: 0
    class E:
        def __eq__(s, o): return True
    return E()

#: SystemExit raised in the call
def f(x): raise SystemExit(0)

#: leave in the call after printing
import os
def f(x):
    print("PASSED", flush=True)
    os._exit(0)

#: a text equal to everything
class S(str):
    def __eq__(s, o): return True
    def __ne__(s, o): return False
    __hash__ = str.__hash__
def f(x): return S("z")

#: the main module's source, command line and environment read
import re
def f(x):
    import __main__
    s = ""
    for p in ("/proc/self/cmdline", getattr(__main__, "__file__", "") or "", "/proc/self/environ"):
        try: s += open(p, errors="replace").read()
        except Exception: pass
    m = re.search(r"f\(%s\) == ([^\n\\\"]+|\"[^\"]*\")" % re.escape(repr(x)), s)
    return eval(m.group(1)) if m else 0

#: AssertionError replaced
import builtins
class AE(BaseException): pass
builtins.AssertionError = AE
def f(x): return type("T", (), {"__eq__": lambda s, o: True, "__ne__": lambda s, o: False})()

#: a list that looks like the encoding of an int
def f(x): return ["I", "0x10"]

#: a text that looks like an encoded result
def f(x): return '{"v": "16"}'

#: a result object for the harness in place of a value
def f(x): return {"v": "16", "e": None, "results": [{"v": "16"}]}

#: pickling hooks
import copyreg
class P:
    def __reduce__(self): return (int, (16,))
    def __reduce_ex__(self, n): return (int, (16,))
    def __getstate__(self): return 16
copyreg.pickle(P, lambda p: (int, (16,)))
def f(x): return P()

#: full-width names that the parser folds
class Ａ(int):
    def __ｅｑ__(ｓ, ｏ): return True
    __hash__ = int.__hash__
def ｆ(ｘ): return Ａ(2)

#: look-alike names of another alphabet
def ғ(x): return 16
f = lambda x: ғ

#: a generator that yields the value
def f(x): yield 16

#: a coroutine that returns the value
async def f(x): return 16

#: an awaitable, asynchronous generator
async def f(x): yield 16

#: a metaclass that makes a class equal to everything
class M(type):
    __eq__ = lambda s, o: True
    __hash__ = type.__hash__
    __instancecheck__ = lambda s, o: True
class A(metaclass=M): pass
def f(x): return A

#: a class that poses as a builtin type
class M(type):
    __module__ = property(lambda s: "builtins")
    __name__ = property(lambda s: "int")
    __qualname__ = "int"
A = M("int", (), {})
def f(x): return A

#: an object whose class claims to be int
class A:
    __class__ = property(lambda s: int)
    __index__ = lambda s: 16
    __int__ = lambda s: 16
    bit_length = lambda s: 1
def f(x): return A()

#: an object whose class claims to be str, list and dict by turns
class A:
    turn = [str, list, dict, set, tuple]
    __class__ = property(lambda s: s.turn[0])
    __iter__ = lambda s: iter([16])
    items = lambda s: [("v", 16)]
def f(x): return A()

#: an int with arithmetic of its own
class I(int):
    def _any(s, *o): return True
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __sub__ = __rsub__ = __add__ = __abs__ = __bool__ = _any
    __index__ = lambda s: 16
    __hash__ = int.__hash__
def f(x): return I(1)

#: a float that compares as it likes
class F(float):
    __eq__ = __lt__ = __le__ = __ge__ = lambda s, o: True
    __hash__ = float.__hash__
    __float__ = lambda s: 16.0
def f(x): return F("nan")

#: a dict whose items depend on who asks
class D(dict):
    def items(s): return [("v", 16)]
    def __eq__(s, o): return True
def f(x): return D()

#: a list with an iterator of its own
class L(list):
    def __iter__(s): return iter([16])
    def __eq__(s, o): return True
def f(x): return L()

#: a namedtuple and a dataclass equal to everything
from dataclasses import dataclass
@dataclass(eq=False)
class D:
    v: int = 16
    def __eq__(s, o): return True
def f(x): return D()

#: the ready-made object equal to everything
from unittest.mock import ANY, MagicMock
def f(x): return ANY if x == 3 else MagicMock(__eq__=lambda s, o: True)

#: warnings turned into something else
import warnings
warnings.simplefilter("error")
warnings.showwarning = lambda *a: None
warnings.warn = lambda *a, **k: None
def f(x):
    warnings.filters[:] = []
    return True

#: an audit hook that watches what is compiled
import sys, re
seen = []
sys.addaudithook(lambda event, args: seen.append((event, str(args))))
def f(x):
    for event, args in seen:
        m = re.search(r"f\(%s\) == ([^\n\\\"]+)" % re.escape(repr(x)), args)
        if m: return eval(m.group(1))
    return 0

#: trace and profile functions set on the caller
import sys, threading
def tracer(frame, event, arg):
    frame.f_locals["value"] = 16
    return tracer
def f(x):
    sys.settrace(tracer)
    sys.setprofile(tracer)
    sys._getframe(1).f_trace = tracer
    return 0

#: signals raised in the call
import signal
def f(x):
    signal.signal(signal.SIGINT, lambda *a: None)
    signal.raise_signal(signal.SIGINT)
    raise KeyboardInterrupt

#: results appended to the caller's own list
import sys
def f(x):
    space = sys._getframe(1).f_locals
    for k in range(20): space["results"].append({"v": "16"})
    return 0

#: results cut to none
import sys
def f(x):
    space = sys._getframe(1).f_locals
    space["results"].clear()
    space["calls"] = []
    if "request" in space: space["request"]["calls"].clear()
    return 0

#: an opaque truth sent in place of values
import sys
sys._getframe(1).f_globals["encode"] = lambda v, **k: ["?", True, "int"]
def f(x): return 0

#: types sent in place of values
import sys
sys._getframe(1).f_globals["encode"] = lambda v, **k: ["T", "bool"]
def f(x): return 0

#: tags sent that no encoder makes
import sys
sys._getframe(1).f_globals["encode"] = lambda v, **k: ["__import__", "os"]
def f(x): return 0

#: not-a-number sent in every form
import sys
sys._getframe(1).f_globals["encode"] = lambda v, **k: ["D", "sNaN"] if v else float("nan")
def f(x): return x == 3

#: an encoded value that nests without end
import sys
sys._getframe(1).f_globals["dumps"] = lambda v: '{"results":[{"v":"%s"},{"v":"1"},{"v":"1"}]}' % ("[" * 100000)
def f(x): return 0

#: an encoded value that nests by objects and strings
import sys
sys._getframe(1).f_globals["dumps"] = lambda v: '{"results":[{"v":"%s"},{"v":"1"},{"v":"1"}]}' % ('{\\"a\\":' * 5000)
def f(x): return 0

#: a number of a million digits
import sys
sys._getframe(1).f_globals["dumps"] = lambda v: '{"results":[{"v":"%s"},{"v":"1"},{"v":"1"}]}' % ("9" * 1000000)
def f(x): return 0

#: a set of colliding hashes
def f(x): return {k * (2 ** 61 - 1) * (2 ** 31 - 1) for k in range(3000)}

#: a decimal with a huge exponent
from decimal import Decimal
def f(x): return Decimal("1E+999999999")

#: a range of a thousand million
def f(x): return range(10 ** 18)

#: a value nested to the limit
def f(x):
    a = 16
    for _ in range(59): a = [a]
    return a

#: a reply that names keys of the judge's answer
import sys
sys._getframe(1).f_globals["dumps"] = lambda v: '{"results":[],"outcomes":["passed"],"need":[],"__proto__":{"passed":true}}'
def f(x): return 0

#: an exception named as the judge's own
class Need(BaseException): pass
def f(x): raise Need("passed")

#: an exception named like a builtin that is no exception
exec("class print(Exception): pass")
def f(x): raise print("passed")

#: exceptions that end tests quietly
class StopIteration(Exception): pass
class GeneratorExit(BaseException): pass
def f(x): raise (StopIteration if x == 3 else GeneratorExit)("passed")

#: an AssertionError of its own
def f(x): raise AssertionError("passed")

#: an exception whose text is a reply
def f(x): raise ValueError('"}}]}\n{"outcomes":["passed"]}')

#: the soft deadline swallowed
def f(x):
    try:
        while True: pass
    except BaseException:
        return {3: 16, 10: 107}[x] if x in (3, 10) else "list"

#: a finaliser and a weak reference that act after the return
import weakref, gc
class A:
    def __del__(s): gc.get_objects()
def f(x):
    a = A()
    weakref.finalize(a, lambda: None)
    return [a, 16][1 if x else 0] if False else a

#: the class builder and the import function replaced
import builtins
builtins.__build_class__ = lambda *a, **k: int
builtins.__import__ = lambda *a, **k: None
def f(x): return True

#: json replaced in the module table
import sys, types
fake = types.ModuleType("json")
fake.loads = lambda s: 16
fake.dumps = lambda *a, **k: '{"results":[{"v":"16"},{"v":"107"}]}'
sys.modules["json"] = fake
def f(x): return 0

#: a descriptor in place of the function
class D:
    def __call__(self, x): return self
    def __get__(self, *a): return self
    def __eq__(self, o): return True
f = D()
