#!/usr/bin/env python3
"""Rename photos in a folder to the time they were last changed."""
import argparse
import os
from datetime import datetime
from pathlib import Path

EXTENSIONS = {".jpg", ".jpeg", ".png", ".heic"}


def find_photos(folder: Path):
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in EXTENSIONS)


def new_name(photo: Path) -> str:
    taken = datetime.fromtimestamp(photo.stat().st_mtime)
    return taken.strftime("%Y-%m-%d_%H-%M-%S") + photo.suffix.lower()


def unique(target: Path) -> Path:
    counter = 1
    candidate = target
    while candidate.exists():
        candidate = target.with_name(f"{target.stem}_{counter}{target.suffix}")
        counter += 1
    return candidate


def rename_all(folder: Path, dry_run: bool) -> int:
    count = 0
    for photo in find_photos(folder):
        target = folder / new_name(photo)
        if target == photo:
            continue
        target = unique(target)
        print(f"{photo.name} -> {target.name}")
        if not dry_run:
            os.rename(photo, target)
        count += 1
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder with the photos")
    parser.add_argument("-n", "--dry-run", action="store_true", help="only print what would happen")
    args = parser.parse_args()
    if not args.folder.is_dir():
        parser.error(f"{args.folder} is not a folder")
    count = rename_all(args.folder, args.dry_run)
    print(f"{count} files renamed")


if __name__ == "__main__":
    main()
