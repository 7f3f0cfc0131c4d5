import heapq
import itertools
import threading
import time


class Task:
    def __init__(self, name, func, args=(), priority=0):
        self.name = name
        self.func = func
        self.args = args
        self.priority = priority
        self.status = "pending"
        self.result = None
        self.error = None

    def run(self):
        self.status = "running"
        try:
            self.result = self.func(*self.args)
            self.status = "done"
        except Exception as error:
            self.error = error
            self.status = "failed"


class TaskQueue:
    def __init__(self):
        self._heap = []
        self._counter = itertools.count()
        self._lock = threading.Lock()
        self._not_empty = threading.Condition(self._lock)
        self._closed = False

    def put(self, task):
        with self._not_empty:
            if self._closed:
                raise RuntimeError("queue is closed")
            heapq.heappush(self._heap, (-task.priority, next(self._counter), task))
            self._not_empty.notify()

    def get(self, timeout=None):
        with self._not_empty:
            while not self._heap and not self._closed:
                if not self._not_empty.wait(timeout):
                    return None
            if not self._heap:
                return None
            return heapq.heappop(self._heap)[2]

    def close(self):
        with self._not_empty:
            self._closed = True
            self._not_empty.notify_all()

    def __len__(self):
        with self._lock:
            return len(self._heap)


def worker(queue):
    while True:
        task = queue.get()
        if task is None:
            return
        start = time.perf_counter()
        task.run()
        elapsed = time.perf_counter() - start
        print(f"{task.name}: {task.status} after {elapsed:.3f} s")
