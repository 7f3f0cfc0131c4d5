# What one candidate leaves behind for the next. Split at the lines that begin with `#:`.

#: builtins and modules replaced
import builtins, json, math, sys
def f(x):
    builtins.len = lambda x: 42
    json.dumps = lambda *a, **k: "X"
    math.sqrt = lambda x: 1
    sys.modules["re"] = None
    sys.modules["left"] = math
    return 1

#: the harness's own functions replaced
import sys
def f(x):
    g = sys._getframe(1).f_globals
    for k in ("encode", "decode", "dumps", "run_candidate", "forbidden"): g[k] = lambda *a, **k: '{"results":[{"v":"7"}]}'
    return 1

#: files, links, folders and their attributes
import os
def f(x):
    for place in ("/tmp/keep", "/tmp/d", "/dev/keep", "/dev/shm/keep", "/home/pyodide/keep", "/keep"):
        try: open(place, "w").write("state")
        except OSError: pass
    for act in (lambda: os.mkdir("/tmp/folder"), lambda: os.symlink("/tmp", "/tmp/link"), lambda: os.chmod("/tmp", 0o111),
                lambda: os.utime("/tmp", (5, 5)), lambda: os.mkfifo("/dev/fifo"), lambda: os.rename("/tmp", "/temp"),
                lambda: os.chdir("/tmp"), lambda: os.umask(0o777), lambda: os.chmod("/home/pyodide", 0o1)):
        try: act()
        except OSError: pass
    os.open("/dev/null", os.O_RDONLY)
    return 1

#: entropy drawn
import os, random, uuid
def f(x):
    os.urandom(1001)
    random.seed(7)
    uuid.uuid4()
    return 1

#: the environment, limits and interpreter settings
import os, sys, gc, decimal, locale, atexit, signal, warnings
def f(x):
    os.environ["LEFT"] = "1"
    sys.setrecursionlimit(150)
    sys.set_int_max_str_digits(0)
    sys.path.insert(0, "/tmp")
    sys.setswitchinterval(1)
    decimal.getcontext().prec = 3
    decimal.DefaultContext.prec = 3
    gc.disable()
    gc.callbacks.append(print)
    atexit.register(print)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("error")
    sys.settrace(lambda *a: None)
    sys.stdout = None
    return 1

#: an attribute on every class of the bridge
import sys
def f(x):
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    for o in ([1], {}, f, iter([]), set(), b"", object()):
        p = c.create_proxy(o)
        for target in (p.constructor, p.constructor.prototype, c.to_js([1]).constructor, c.to_js([1]).constructor.prototype):
            try: target.left = 1
            except BaseException: pass
    return 1

#: a large heap with a message in it
def f(x):
    keep = [bytearray(b"LEFT-BEHIND" * 100000) for _ in range(40)]
    return len(keep)

#: interned names and type attributes
import sys, collections, enum, functools
def f(x):
    sys.intern("left_behind_name")
    collections.OrderedDict.left = 1
    functools.lru_cache.left = 1
    enum.Enum.left = 1
    return 1

#: an exception in the middle of everything
def f(x):
    def g(): yield from g()
    return list(g())
