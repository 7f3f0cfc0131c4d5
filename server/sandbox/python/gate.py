"""A look at a candidate's syntax before it runs: names why it reaches for what no task needs.

A label that saves time and shapes behaviour. It is no boundary: the sandbox holds without it.
"""
import ast as _ast

_MODULES = frozenset(
    'math cmath re collections itertools functools heapq bisect string operator random copy datetime decimal fractions '
    'statistics typing array enum dataclasses textwrap calendar queue hashlib time abc contextlib json numbers '
    'unicodedata struct base64 types sys zlib timeit __future__ numbers pprint secrets'.split())
_SYS = frozenset('maxsize getsizeof setrecursionlimit getrecursionlimit float_info version_info maxunicode byteorder int_info'.split())
_NAMES = frozenset('__import__ eval exec compile open breakpoint globals locals vars __builtins__ __loader__ __spec__ help'.split())
_DUNDERS = frozenset(
    'init name doc len eq ne lt gt le ge getitem setitem delitem contains iter next add sub mul truediv floordiv mod pow '
    'radd rsub rmul neg abs and or xor invert lshift rshift iadd isub str repr hash class new post_init enter exit call '
    'annotations bool int float index reversed missing slots format round'.split())
_ATTRIBUTES = frozenset(
    'f_back f_globals f_locals f_builtins f_code gi_frame gi_code cr_frame cr_code ag_frame tb_frame tb_next _getframe '
    '_current_frames modules meta_path settrace setprofile excepthook stdout stderr mro'.split())


def forbidden(source):
    """Why the source is not run (`import os`, `name eval`, …), or None. Source that does not parse is let through."""
    try:
        tree = _ast.parse(source)
    except Exception:
        return None
    for node in _ast.walk(tree):
        reason = _reason(node)
        if reason:
            return reason[:80]
    return None


def _reason(node):
    if isinstance(node, _ast.Import):
        return next(('import ' + a.name for a in node.names if a.name.split('.')[0] not in _MODULES), None)
    if isinstance(node, _ast.ImportFrom):
        module = (node.module or '').split('.')[0]
        if node.level or module not in _MODULES:
            return 'import ' + (node.module or '.')
        return next(('sys.' + a.name for a in node.names if module == 'sys' and a.name not in _SYS), None)
    if isinstance(node, _ast.Name) and node.id in _NAMES:
        return 'name ' + node.id
    if isinstance(node, _ast.Attribute):
        a = node.attr
        if a in _ATTRIBUTES or (a.startswith('__') and a.endswith('__') and a[2:-2] not in _DUNDERS):
            return 'attribute ' + a
        if isinstance(node.value, _ast.Name) and node.value.id == 'sys' and a not in _SYS:
            return 'sys.' + a
    return None
