"""Linux: runs every candidate in a forked child under rlimits, a seccomp allow list and Landlock.

python3 -I -S forkserver.py PARENT_PID; JSON lines on stdin and stdout as in protocol.ts. x86_64, Python 3.9 or newer.
"""
import ctypes
import gc
import json
import os
import resource
import select
import signal
import struct
import sys
import time

MEMORY_BYTES = 512 << 20
REPLY_BYTES = 4 << 20
FILE_BYTES = 1 << 20
_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
SYS_LANDLOCK_CREATE, SYS_LANDLOCK_ADD, SYS_LANDLOCK_RESTRICT = 444, 445, 446


def restrict_files(folders):
    """Landlock: nothing but reading these folders, no TCP, no signals to outside. The ABI in force, 0 for none."""
    abi = _libc.syscall(SYS_LANDLOCK_CREATE, None, 0, 1)
    if abi < 1:
        return 0
    handled = (1 << 13) - 1
    for since, bit in ((2, 13), (3, 14), (5, 15)):
        if abi >= since:
            handled |= 1 << bit
    attributes = struct.pack('QQQ', handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    ruleset = _libc.syscall(SYS_LANDLOCK_CREATE, attributes, 8 if abi < 4 else 16 if abi < 6 else 24, 0)
    if ruleset < 0:
        return 0
    for folder in folders:
        if not os.path.exists(folder):
            continue
        place = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        read = (1 << 2) | ((1 << 3) if os.path.isdir(folder) else 0)
        if _libc.syscall(SYS_LANDLOCK_ADD, ruleset, 1, struct.pack('=Qi', read, place), 0) != 0:
            return 0
        os.close(place)
    restricted = _libc.syscall(SYS_LANDLOCK_RESTRICT, ruleset, 0) == 0
    os.close(ruleset)
    return abi if restricted else 0


# x86_64 numbers of what an interpreter needs to compute: memory, its own signals and clocks, reading open files.
_ALLOWED = (
    0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 21, 24, 25, 28, 32, 33, 35, 38, 39, 60, 63, 79, 89, 96, 97, 98,
    100, 102, 104, 107, 108, 110, 131, 186, 202, 204, 217, 218, 228, 229, 230, 231, 262, 267, 273, 318, 324, 332, 334,
    269, 439)
_OPENAT, _FCNTL = 257, 72
_WRITING = 0o3 | 0o100 | 0o1000 | 0o2000  # access mode, O_CREAT, O_TRUNC, O_APPEND
_FCNTL_COMMANDS = (0, 1, 2, 3, 1030)  # duplicate, get and set close-on-exec, get flags; no owner and no signal


def _filter():
    """The allow list as a BPF program: anything else is EPERM, another architecture is death."""
    allow, refuse, kill = 0x7fff0000, 0x00050001, 0x80000000
    program = []

    def load(offset):
        program.append((0x20, 0, 0, offset))

    def unless_equal(value, skip):
        program.append((0x15, 0, skip, value))

    def result(value):
        program.append((0x06, 0, 0, value))

    load(4)
    program.append((0x15, 1, 0, 0xC000003E))
    result(kill)
    load(0)
    program.append((0x35, 0, 1, 0x40000000))
    result(kill)
    unless_equal(_OPENAT, 5)
    load(32)
    program.append((0x54, 0, 0, _WRITING))
    unless_equal(0, 1)
    result(allow)
    result(refuse)
    unless_equal(_FCNTL, 2 * len(_FCNTL_COMMANDS) + 2)
    load(24)
    for command in _FCNTL_COMMANDS:
        unless_equal(command, 1)
        result(allow)
    result(refuse)
    for number in _ALLOWED:
        unless_equal(number, 1)
        result(allow)
    result(refuse)
    return b''.join(struct.pack('HBBI', *i) for i in program), len(program)


class _Program(ctypes.Structure):
    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]


_bytes, _length = _filter()
_null = os.open('/dev/null', os.O_RDWR)  # before Landlock, under which nothing can be opened for writing
_buffer = ctypes.create_string_buffer(_bytes, len(_bytes))
_program = _Program(_length, ctypes.cast(_buffer, ctypes.c_void_p))


def _limit(kind, soft, hard=None):
    resource.setrlimit(kind, (soft, soft if hard is None else hard))


def child(operation, text, pipe, seconds):
    """Never returns. Nothing secret is in this process: not a test, not an expected value."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    for kind, value in ((resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_FSIZE, FILE_BYTES), (resource.RLIMIT_CORE, 0),
                        (resource.RLIMIT_NOFILE, 32), (resource.RLIMIT_STACK, 8 << 20)):
        _limit(kind, value)
    _limit(resource.RLIMIT_CPU, seconds, seconds + 1)
    for number in (0, 1, 2):
        os.dup2(_null, number)
    os.dup2(pipe, 3)
    os.closerange(4, 1024)
    if _libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(_program), 0, 0) != 0:
        os._exit(97)
    leave, write = os._exit, os.write
    try:
        reply = 'K' + operation(text)
    except BaseException as error:
        reply = 'X' + type(error).__name__
    data = reply.encode('utf-8', 'replace')
    while data:
        data = data[write(3, data[:65536]):]
    leave(0)


def serve(request, operation):
    begin = time.perf_counter()
    soft = request['soft'] / 1000 or 3600
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            child(operation, request['text'], writer, int(soft) + 2)
        finally:
            os._exit(98)
    os.close(writer)
    received = bytearray()
    late = flood = False
    while not flood:
        left = begin + soft - time.perf_counter()
        if left <= 0 or not select.select([reader], [], [], left)[0]:
            late = True
            break
        chunk = os.read(reader, 1 << 16)
        if not chunk:
            break
        received += chunk
        flood = len(received) > REPLY_BYTES
    os.close(reader)
    if late or flood:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    text = received.decode('utf-8', 'replace')
    ok = not late and not flood and status == 0 and text[:1] == 'K'
    how = 'late' if late else 'reply too large' if flood else 'status %d %s' % (status, text[:60])
    return {'id': request['id'], 'nonce': request['nonce'], 'ok': ok, 'text': text[1:] if ok else how,
            'interrupted': int(late), 'denied': 0, 'milliseconds': round((time.perf_counter() - begin) * 1000, 2),
            'worn': False}


def send(message):
    data = (json.dumps(message) + '\n').encode()
    while data:
        data = data[os.write(1, data):]


def main():
    started = time.perf_counter()
    here = os.path.dirname(os.path.abspath(__file__))
    space = {'__name__': 'sandbox'}
    for name in ('encoding.py', 'gate.py', 'run.py', 'preload.py'):
        with open(os.path.join(here, name)) as source:
            exec(compile(source.read(), name, 'exec'), space)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != int(sys.argv[1]):
        return
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    library = {os.path.join(prefix, 'lib') for prefix in (sys.prefix, sys.base_prefix)}
    landlock = restrict_files(sorted(library | {'/usr/lib', '/lib', '/lib64', '/usr/lib64', '/dev/null', '/dev/urandom'}))
    if landlock == 0:
        send({'ready': False})
        return
    gc.collect()
    gc.freeze()
    level = {'realm': False, 'noCodeFromStrings': False, 'permissions': False, 'bubblewrap': False, 'seccomp': True,
             'landlock': landlock}
    send({'ready': True, 'pid': os.getpid(), 'language': 'python', 'version': sys.version.split()[0], 'level': level,
          'milliseconds': round((time.perf_counter() - started) * 1000)})
    # The server's own requests never reach a child: it reads them here, and a child's stdin is /dev/null.
    with os.fdopen(os.dup(0), 'rb', buffering=1 << 16) as requests:
        for line in requests:
            send(serve(json.loads(line), space['run_candidate']))


main()
