import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { attempts } from '../support/sandbox.ts';
import { BACKENDS, BareWorker } from '../support/sandbox-worker.ts';

/** Everything that a candidate can see of the place it runs in, as one value. */
const PROBE = `
import os, sys
def look(*acts):
    out = []
    for act in acts:
        try: out.append(str(act()))
        except BaseException as e: out.append(type(e).__name__)
    return out
def bridge():
    sys.modules.pop("_pyodide_core", None)
    import _pyodide_core as c
    proxies = [c.create_proxy(o) for o in ([1], {}, f, iter([]), set(), b"", object())] + [c.to_js([1]), c.to_js([1]).constructor]
    return [hasattr(p, "left") or hasattr(p.constructor, "left") for p in proxies]
def f(x):
    import builtins, collections, decimal, enum, functools, gc, json, math, random, re, signal, warnings
    return look(
        lambda: [len([1, 2]), math.sqrt(4), bool(re.match("a", "a")), json.dumps([1]), "left" in sys.modules],
        lambda: sorted(n for n in vars(builtins) if len(n) < 30),
        lambda: {d: os.path.isdir(d) and sorted(os.listdir(d)) for d in ("/", "/tmp", "/dev", "/home", "/home/pyodide")},
        lambda: [os.getcwd(), os.stat("/tmp").st_mode, os.stat("/tmp").st_mtime == 5, os.stat("/home/pyodide").st_mode, os.umask(0)],
        lambda: (open("/tmp/new", "w").close(), os.stat("/tmp/new").st_ino, os.stat("/tmp/new").st_mode),
        lambda: os.open("/dev/null", os.O_RDONLY),
        lambda: [random.random(), hash("text")],
        lambda: os.urandom(8) if sys.platform == "emscripten" else 0,
        lambda: [dict(os.environ), sys.getrecursionlimit(), sys.get_int_max_str_digits(), sys.path, sys.getswitchinterval()],
        lambda: [decimal.getcontext().prec, decimal.DefaultContext.prec, gc.isenabled(), len(gc.callbacks), len(warnings.filters)],
        lambda: [str(signal.getsignal(signal.SIGINT)), sys.gettrace(), sys.stdout is None],
        lambda: [hasattr(t, "left") for t in (collections.OrderedDict, functools.lru_cache, enum.Enum)],
        bridge)
`;

for (const { backend, skip } of BACKENDS) {
  describe(`in the ${backend} sandbox`, { skip }, () => {
    let worker: BareWorker;
    let clean: string;
    before(async () => {
      worker = await BareWorker.open(backend);
      clean = await worker.value(PROBE);
    });
    after(() => worker.close());

    test('the probe sees a place that is the same every time', async () => {
      assert.match(clean, /^\["l",\[.*2\.0/);
      assert.equal(await worker.value(PROBE), clean);
    });

    for (const { name, code } of attempts('poison.py')) {
      test(`the next candidate sees nothing of ${name}`, async () => {
        await worker.run(code);
        assert.equal(await worker.value(PROBE), clean);
      });
    }
  });
}
