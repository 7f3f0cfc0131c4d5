from __future__ import annotations

import logging
from collections import defaultdict
from typing import Any, Callable

Handler = Callable[..., None]

logger = logging.getLogger(__name__)


class EventBus:
    """Lets parts of a program talk without knowing each other."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[Handler]] = defaultdict(list)

    def on(self, event: str, handler: Handler) -> Callable[[], None]:
        self._handlers[event].append(handler)

        def unsubscribe() -> None:
            self.off(event, handler)

        return unsubscribe

    def off(self, event: str, handler: Handler) -> None:
        if handler in self._handlers[event]:
            self._handlers[event].remove(handler)

    def once(self, event: str, handler: Handler) -> None:
        def wrapper(*args: Any, **kwargs: Any) -> None:
            self.off(event, wrapper)
            handler(*args, **kwargs)

        self.on(event, wrapper)

    def emit(self, event: str, *args: Any, **kwargs: Any) -> int:
        handlers = list(self._handlers[event])
        for handler in handlers:
            try:
                handler(*args, **kwargs)
            except Exception:
                logger.exception("handler for %s failed", event)
        return len(handlers)

    def clear(self, event: str | None = None) -> None:
        if event is None:
            self._handlers.clear()
        else:
            self._handlers.pop(event, None)


class Counter:
    def __init__(self, bus: EventBus) -> None:
        self.value = 0
        bus.on("increment", self.increment)
        bus.on("reset", self.reset)

    def increment(self, amount: int = 1) -> None:
        self.value += amount

    def reset(self) -> None:
        self.value = 0
