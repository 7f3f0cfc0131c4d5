# Candidates that try to reach the host. f(1) returns a text that holds LEAK when it got out; the test also looks for
# files in DROP, for connections to PORT, and for the content of SECRET. Split at the lines that begin with `#:`.

#: js.process
def f(x):
    import js
    return "LEAK pid %s" % js.process.pid

#: the fs module by getBuiltinModule
def f(x):
    import js
    return "LEAK " + js.process.getBuiltinModule("fs").readFileSync("SECRET", "utf8")

#: run_js with a child process
def f(x):
    from pyodide.code import run_js
    return "LEAK " + str(run_js("process.getBuiltinModule('child_process').execSync('id -un').toString()"))

#: run_js with arithmetic
def f(x):
    from pyodide.code import run_js
    return "LEAK %s" % run_js("1+1")

#: code from a string after importing the bridge again
def f(x):
    import sys
    for m in ("js", "pyodide_js", "_pyodide_core", "pyodide", "_pyodide"): sys.modules.pop(m, None)
    from pyodide.code import run_js
    return "LEAK %s" % run_js("1+1")

#: the bridge's proxies hunted in all objects
def f(x):
    import gc
    gc.unfreeze()
    for o in gc.get_objects():
        if "JsProxy" in type(o).__name__: return "LEAK %s" % o.constructor.constructor("return 1+1")()
    return "none"

#: os.system
def f(x):
    import os
    return "rc %s" % os.system("touch DROP/os_system")

#: subprocess
def f(x):
    import subprocess
    return "LEAK " + subprocess.check_output(["id", "-un"]).decode()

#: subprocess imported again
def f(x):
    import sys
    sys.modules.pop("subprocess", None)
    import subprocess
    return "LEAK " + subprocess.check_output(["id", "-un"]).decode()

#: os.popen
def f(x):
    import os, sys
    sys.modules.pop("subprocess", None)
    return "LEAK " + os.popen("id -un").read() + "LEAK"

#: fork and exec
def f(x):
    import os
    p = os.fork()
    if p == 0: os.execv("/usr/bin/touch", ["touch", "DROP/execv"])
    os.waitpid(p, 0)
    return "LEAK forked"

#: exec in place
def f(x):
    import os
    os.execv("/usr/bin/touch", ["touch", "DROP/exec_in_place"])

#: posix_spawn
def f(x):
    import os
    os.posix_spawn("/usr/bin/touch", ["touch", "DROP/posix_spawn"], {})
    return "LEAK spawned"

#: the C half of subprocess
def f(x):
    import _posixsubprocess
    return "LEAK %s" % dir(_posixsubprocess) if _posixsubprocess.fork_exec([b"/usr/bin/touch"], [b"/usr/bin/touch"], *[None] * 20) else ""

#: the C library's system()
def f(x):
    import sys
    for m in ("ctypes", "_ctypes"): sys.modules.pop(m, None)
    import ctypes
    return "rc %s" % ctypes.CDLL(None).system(b"touch DROP/ctypes_system")

#: the runtime's script functions by ctypes
def f(x):
    import sys
    for m in ("ctypes", "_ctypes"): sys.modules.pop(m, None)
    import ctypes
    l = ctypes.CDLL(None)
    l.emscripten_run_script_int.argtypes = [ctypes.c_char_p]
    return "LEAK %s" % l.emscripten_run_script_int(b"40+2")

#: socket to the loopback
def f(x):
    import sys
    for m in ("socket", "_socket"): sys.modules.pop(m, None)
    import socket
    s = socket.create_connection(("127.0.0.1", PORT), timeout=1)
    return "LEAK " + s.recv(9).decode()

#: raw socket module
def f(x):
    import sys
    sys.modules.pop("_socket", None)
    import _socket
    s = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
    s.connect(("127.0.0.1", PORT))
    return "LEAK connected"

#: datagrams and local sockets
def f(x):
    import sys
    for m in ("socket", "_socket"): sys.modules.pop(m, None)
    import socket
    socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    return "LEAK socket made"

#: urllib
def f(x):
    import sys
    for m in ("socket", "_socket", "ssl"): sys.modules.pop(m, None)
    import urllib.request
    return "LEAK " + str(urllib.request.urlopen("http://127.0.0.1:PORT/", timeout=1).read())

#: fetch and XMLHttpRequest
def f(x):
    import js
    js.fetch("http://127.0.0.1:PORT/")
    return "fetch called"

#: the package manager
def f(x):
    import micropip
    return "LEAK micropip"

#: mounting the host's files
def f(x):
    import pyodide_js
    pyodide_js.mountNodeFS("/mnt", "/")
    return "LEAK " + open("/mntSECRET").read()

#: /etc/passwd
def f(x):
    s = open("/etc/passwd").read()
    return "LEAK " + s[:20]

#: the secret file
def f(x): return "LEAK " + open("SECRET").read()

#: the secret file by a link and by a detour
def f(x):
    import os
    os.symlink("SECRET", "/tmp/link")
    return "LEAK " + open("/tmp/../tmp/link").read()

#: the secret file by a hard link and a directory descriptor
def f(x):
    import os
    d = os.open("/", os.O_RDONLY)
    return "LEAK " + os.read(os.open("SECRET"[1:], os.O_RDONLY, dir_fd=d), 99).decode()

#: the host's folders
def f(x):
    import os
    names = os.listdir("/") + (os.listdir("/root") if os.path.isdir("/root") else [])
    return ("LEAK " if "boot" in names or ".bashrc" in names else "virtual ") + ",".join(names)

#: writing a host file
def f(x):
    open("DROP/written", "w").write("x")
    return "written"

#: writing by sqlite
def f(x):
    import sqlite3
    c = sqlite3.connect("DROP/base.db")
    c.execute("create table a(b)")
    c.execute("attach 'DROP/other.db' as o")
    return "written"

#: writing by dbm, shelve and mmap
def f(x):
    import dbm.dumb, mmap
    dbm.dumb.open("DROP/base")["a"] = "b"
    return "written"

#: the environment
def f(x):
    import os
    return "LEAK " + os.environ["MY_SECRET"]

#: the environment by the C library
def f(x):
    import posix
    return ("LEAK " if b"MY_SECRET" in posix.environ or "MY_SECRET" in posix.environ else "clean ")

#: the process's own files
def f(x):
    s = open("/proc/self/environ").read() + open("/proc/self/cmdline").read() + open("/proc/self/maps").read()
    return "LEAK " + s[:40]

#: another process's environment
def f(x):
    import os
    return "LEAK " + open("/proc/%d/environ" % os.getppid()).read()[:40]

#: signalling the parent
def f(x):
    import os
    os.kill(os.getppid(), 0)
    return "LEAK can signal %d" % os.getppid()

#: signalling everything
def f(x):
    import os, signal
    os.killpg(os.getpgid(os.getppid()), 0)
    return "LEAK can signal the group"

#: the parent's memory
def f(x):
    import os
    open("/proc/%d/mem" % os.getppid(), "rb").close()
    return "LEAK parent memory"

#: to_js and the Function constructor
def f(x):
    import sys
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    return "LEAK %s" % c.to_js([1]).constructor.constructor("return typeof process")()

#: to_js and the constructors of other kinds of function
def f(x):
    import sys
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    a = c.to_js([1])
    return "LEAK %s" % a.entries().constructor.constructor("return typeof process")() if a.map.constructor("return 1")() else ""

#: prototype pollution
def f(x):
    import sys
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    a = c.to_js([1]).constructor.prototype
    a.push = c.create_proxy(lambda *q: 1)
    return "LEAK polluted" if "lambda" in str(a.push) else "no effect"

#: stack frames by prepareStackTrace
def f(x):
    import sys
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    found = []
    E = c.to_js([1]).constructor.constructor.prototype.constructor
    E.prepareStackTrace = c.create_proxy(lambda e, s: found.append(s))
    try: E("x")
    except BaseException: pass
    return "LEAK frames" if found else "no effect"

#: a rejected promise that is inspected
def f(x):
    import sys
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    A = c.to_js([1]).constructor
    class Hostile:
        def __getattr__(self, name):
            open("/tmp/" + name, "w")
            return lambda *a: a[2].constructor.constructor("return process")()
    async def g(): raise ValueError(Hostile())
    A.fromAsync(c.create_proxy(g()))
    return "LEAK fromAsync"

#: an event loop and its timers
def f(x):
    import sys
    for m in list(sys.modules):
        if m.split(".")[0] in ("asyncio", "pyodide", "_pyodide", "_pyodide_core", "js"): sys.modules.pop(m, None)
    import asyncio
    asyncio.run(asyncio.create_subprocess_shell("touch DROP/asyncio"))
    return "LEAK ran"

#: the standard library overwritten
def f(x):
    import sys
    z = [p for p in sys.path if p.endswith(".zip") or "python3" in p][0]
    with open(z, "r+b") as h: h.write(b"0000")
    return "LEAK wrote the standard library"

#: a module of the host's folders
def f(x):
    import sys
    sys.path[:0] = ["DROP", "/", "/usr/lib/python3/dist-packages"]
    import evil
    return "LEAK " + evil.VALUE

#: a shared library of its own
def f(x):
    import importlib.machinery, importlib.util
    open("/tmp/a.so", "wb").write(b"\0asm\1\0\0\0")
    loader = importlib.machinery.ExtensionFileLoader("a", "/tmp/a.so")
    importlib.util.module_from_spec(importlib.util.spec_from_loader("a", loader))
    return "LEAK loaded"

#: threads
def f(x):
    import threading
    t = threading.Thread(target=lambda: 0)
    t.start()
    t.join()
    return "LEAK thread started"

#: devices
def f(x):
    return "LEAK %s" % open("/dev/mem", "rb").read(4)

#: privileges and limits
def f(x):
    import os, resource
    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))
    os.setuid(0)
    return "LEAK limits raised"

#: tracing another process
def f(x):
    import sys
    for m in ("ctypes", "_ctypes"): sys.modules.pop(m, None)
    import ctypes, os
    r = ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)
    return "LEAK attached" if r == 0 else "rc %s" % r

#: a browser, an editor, a mail
def f(x):
    import webbrowser, pydoc
    webbrowser.register("t", None, webbrowser.GenericBrowser(["touch", "DROP/browser"]))
    return "LEAK opened" if webbrowser.get("t").open("x") else "no"

#: the owner of a pipe's signals
def f(x):
    import fcntl, os
    for fd in range(64):
        try: fcntl.fcntl(fd, fcntl.F_SETOWN, os.getppid())
        except OSError: continue
        return "LEAK owner set on %d" % fd
    return "none"

#: io_uring, memory files and other system calls by number
def f(x):
    import sys
    for m in ("ctypes", "_ctypes"): sys.modules.pop(m, None)
    import ctypes
    call = ctypes.CDLL(None, use_errno=True).syscall
    done = [n for n in (425, 319, 56, 57, 59, 322, 41, 62, 101, 165, 310, 321, 434, 438) if call(n, 0, 0, 0, 0, 0, 0) >= 0]
    return "LEAK %s" % done if done else "none"
