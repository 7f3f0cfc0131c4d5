# Runs last in the interpreter: modules that reach JavaScript, the network or processes become unimportable.
# An obstacle, not a boundary.
def _scrub():
    import gc
    import sys
    blocked = ('js', 'pyodide_js', 'pyodide', '_pyodide', '_pyodide_core', 'micropip', 'ctypes', '_ctypes', '_socket',
               'socket', 'ssl', 'subprocess', 'multiprocessing')
    forgotten = blocked + ('asyncio', 'webbrowser', 'urllib', 'http')
    hook = sys.modules.get('_pyodide._importhook')
    for finder in list(sys.meta_path):
        proxies = getattr(finder, 'jsproxies', None)
        if isinstance(proxies, dict):
            proxies.clear()
    if hook is not None:
        for name in ('jsfinder', 'register_js_module', 'register_js_finder'):
            hook.__dict__.pop(name, None)
    sys.meta_path[:] = [f for f in sys.meta_path
                        if not type(f).__name__.startswith('Js') and 'yodide' not in type(f).__module__ + type(f).__name__]
    for name in list(sys.modules):
        if name.split('.')[0] in forgotten:
            del sys.modules[name]
    for name in blocked:
        sys.modules[name] = None
    globals().pop('_scrub', None)
    for _ in range(3):
        gc.collect()
    gc.freeze()


_scrub()
