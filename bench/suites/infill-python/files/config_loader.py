import json
import os
from pathlib import Path
from typing import Any

DEFAULTS = {
    "host": "127.0.0.1",
    "port": 8080,
    "debug": False,
    "log_level": "info",
    "allowed_origins": [],
}


class ConfigError(Exception):
    pass


def load_config(path: str | None = None) -> dict[str, Any]:
    config = dict(DEFAULTS)
    if path is not None:
        config.update(read_file(Path(path)))
    config.update(read_environment())
    validate(config)
    return config


def read_file(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise ConfigError(f"config file not found: {path}")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected an object")
    return data


def read_environment(prefix: str = "APP_") -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key in DEFAULTS:
        value = os.environ.get(prefix + key.upper())
        if value is not None:
            result[key] = convert(value, DEFAULTS[key])
    return result


def convert(value: str, default: Any) -> Any:
    if isinstance(default, bool):
        return value.lower() in ("1", "true", "yes", "on")
    if isinstance(default, int):
        return int(value)
    if isinstance(default, list):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def validate(config: dict[str, Any]) -> None:
    unknown = set(config) - set(DEFAULTS)
    if unknown:
        raise ConfigError(f"unknown keys: {', '.join(sorted(unknown))}")
    if not 0 < config["port"] < 65536:
        raise ConfigError("port must be between 1 and 65535")
