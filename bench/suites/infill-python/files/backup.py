#!/usr/bin/env python3
import hashlib
import logging
import shutil
import sys
import tarfile
import time
from pathlib import Path

log = logging.getLogger("backup")

SKIP = {"__pycache__", ".git", "node_modules"}


def iter_files(root):
    for path in sorted(root.rglob("*")):
        if any(part in SKIP for part in path.parts):
            continue
        if path.is_file():
            yield path


def checksum(path, chunk_size=65536):
    digest = hashlib.sha256()
    with path.open("rb") as f:
        while True:
            chunk = f.read(chunk_size)
            if not chunk:
                break
            digest.update(chunk)
    return digest.hexdigest()


def changed_files(root, known):
    changed = []
    for path in iter_files(root):
        name = str(path.relative_to(root))
        if known.get(name) != checksum(path):
            changed.append(path)
    return changed


def create_archive(root, target):
    stamp = time.strftime("%Y%m%d-%H%M%S")
    archive = target / f"{root.name}-{stamp}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for path in iter_files(root):
            tar.add(path, arcname=path.relative_to(root))
    return archive


def remove_old(target, keep=5):
    archives = sorted(target.glob("*.tar.gz"), key=lambda p: p.stat().st_mtime)
    for archive in archives[:-keep]:
        log.info("removing %s", archive)
        archive.unlink()


def main(argv):
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    root, target = Path(argv[1]), Path(argv[2])
    target.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(target).free
    if free < 100 * 1024 * 1024:
        log.error("less than 100 MB free on %s", target)
        return 1
    archive = create_archive(root, target)
    log.info("wrote %s (%d bytes)", archive, archive.stat().st_size)
    remove_old(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
