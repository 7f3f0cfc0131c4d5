import argparse
import math
from pathlib import Path

from PIL import Image, ImageDraw


def load_images(folder, size):
    images = []
    for path in sorted(Path(folder).glob("*.png")):
        image = Image.open(path).convert("RGB")
        image.thumbnail((size, size))
        images.append((path.stem, image))
    return images


def make_grid(images, columns, size, margin=10):
    rows = math.ceil(len(images) / columns)
    width = columns * (size + margin) + margin
    height = rows * (size + margin) + margin
    grid = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(grid)
    for index, (name, image) in enumerate(images):
        row, column = divmod(index, columns)
        x = margin + column * (size + margin)
        y = margin + row * (size + margin)
        grid.paste(image, (x, y))
        draw.text((x + 2, y + 2), name, fill="black")
    return grid


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("output")
    parser.add_argument("--columns", type=int, default=4)
    parser.add_argument("--size", type=int, default=128)
    args = parser.parse_args()

    images = load_images(args.folder, args.size)
    if not images:
        raise SystemExit(f"no images in {args.folder}")
    grid = make_grid(images, args.columns, args.size)
    grid.save(args.output)
    print(f"saved {args.output} with {len(images)} images")


if __name__ == "__main__":
    main()
