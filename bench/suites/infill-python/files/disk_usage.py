import os
import sys


def human_size(size):
    for unit in ["B", "KB", "MB", "GB", "TB"]:
        if size < 1024:
            return f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} PB"


def folder_size(path):
    total = 0
    for root, dirs, files in os.walk(path):
        for name in files:
            file_path = os.path.join(root, name)
            if os.path.islink(file_path):
                continue
            try:
                total += os.path.getsize(file_path)
            except OSError:
                # The file may have gone since it was listed.
                pass
    return total


def largest_files(path, count=10):
    sizes = []
    for root, dirs, files in os.walk(path):
        for name in files:
            file_path = os.path.join(root, name)
            if os.path.isfile(file_path):
                sizes.append((os.path.getsize(file_path), file_path))
    sizes.sort(reverse=True)
    return sizes[:count]


def by_extension(path):
    totals = {}
    for root, dirs, files in os.walk(path):
        for name in files:
            extension = os.path.splitext(name)[1] or "(none)"
            size = os.path.getsize(os.path.join(root, name))
            totals[extension] = totals.get(extension, 0) + size
    return totals


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "."
    if not os.path.isdir(path):
        print(f"{path} is not a directory", file=sys.stderr)
        sys.exit(1)
    print("total:", human_size(folder_size(path)))
    print("largest files:")
    for size, name in largest_files(path):
        print(f"  {human_size(size):>10}  {name}")
    print("by extension:")
    for extension, size in sorted(by_extension(path).items(), key=lambda x: -x[1]):
        print(f"  {human_size(size):>10}  {extension}")


if __name__ == "__main__":
    main()
