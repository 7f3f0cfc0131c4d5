from collections import OrderedDict
from functools import wraps
from time import monotonic


class LRUCache:
    def __init__(self, capacity=128):
        self.capacity = capacity
        self.data = OrderedDict()
        self.hits = 0
        self.misses = 0

    def get(self, key, default=None):
        if key not in self.data:
            self.misses += 1
            return default
        self.hits += 1
        self.data.move_to_end(key)
        return self.data[key]

    def put(self, key, value):
        if key in self.data:
            self.data.move_to_end(key)
        self.data[key] = value
        if len(self.data) > self.capacity:
            self.data.popitem(last=False)

    def clear(self):
        self.data.clear()
        self.hits = 0
        self.misses = 0

    def hit_rate(self):
        total = self.hits + self.misses
        if total == 0:
            return 0.0
        return self.hits / total

    def __contains__(self, key):
        return key in self.data

    def __len__(self):
        return len(self.data)


def timed_cache(seconds):
    def decorator(func):
        cache = {}

        @wraps(func)
        def wrapper(*args):
            now = monotonic()
            if args in cache:
                value, expires = cache[args]
                if now < expires:
                    return value
            value = func(*args)
            cache[args] = (value, now + seconds)
            return value

        return wrapper

    return decorator
