# Modules that solutions import are loaded once, before the picture of the memory is taken.
import abc, array, base64, bisect, calendar, cmath, collections, contextlib, copy, dataclasses, datetime, decimal, enum  # noqa
import fractions, functools, hashlib, heapq, inspect, itertools, json, math, numbers, operator, queue, random, re  # noqa
import statistics, string, struct, sys, textwrap, time, types, typing, unicodedata  # noqa
