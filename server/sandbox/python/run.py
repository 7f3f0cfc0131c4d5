"""The untrusted side: executes a candidate and makes the calls it is told. It knows no expected value."""
import random as _random


def _describe(error):
    try:
        message = str(error)[:200]
    except BaseException:
        message = ''
    return {'type': type(error).__name__[:60], 'message': message}


def run_candidate(text):
    """{code, calls: ['[name, args, kwargs]', …], gate} → {forbidden} | {load: {type, message}} | {results: […]}.

    A result is {v: JSON text of the encoded value} | {u: why it has no encoding} | {e: {type, message}}.
    """
    request = _json.loads(text)
    code = request['code']
    reason = forbidden(code) if request['gate'] else None
    if reason:
        return dumps({'forbidden': reason})
    _random.seed(0)  # a fork seeds it anew
    namespace = {'__name__': 'candidate', '__builtins__': builtins}
    try:
        exec(compile(code, '<candidate>', 'exec', dont_inherit=True), namespace)
    except BaseException as error:
        return dumps({'load': _describe(error)})
    results = []
    for call in request['calls']:
        try:
            name, args, keywords = _json.loads(call)
            if name not in namespace:
                raise NameError("name '%s' is not defined" % name)
            value = namespace[name](*[decode(x) for x in args], **{k: decode(v) for k, v in keywords.items()})
            results.append({'v': dumps(encode(value, opaque=True))})
        except Unencodable as error:
            results.append({'u': str(error)[:80]})
        except BaseException as error:
            results.append({'e': _describe(error)})
            if isinstance(error, (KeyboardInterrupt, MemoryError)):
                break
    return dumps({'results': results})
