import argparse
import sys

UNITS = ("c", "f", "k")


def to_celsius(value, unit):
    if unit == "c":
        return value
    if unit == "f":
        return (value - 32) * 5 / 9
    if unit == "k":
        return value - 273.15
    raise ValueError(f"unknown unit: {unit}")


def from_celsius(value, unit):
    if unit == "c":
        return value
    if unit == "f":
        return value * 9 / 5 + 32
    if unit == "k":
        return value + 273.15
    raise ValueError(f"unknown unit: {unit}")


def convert(value, source, target):
    return from_celsius(to_celsius(value, source), target)


def build_parser():
    parser = argparse.ArgumentParser(description="Convert temperatures between units.")
    parser.add_argument("value", type=float)
    parser.add_argument("source", choices=UNITS)
    parser.add_argument("target", choices=UNITS)
    parser.add_argument("-p", "--precision", type=int, default=1)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser


def main(argv=None):
    parser = build_parser()
    args = parser.parse_args(argv)
    result = convert(args.value, args.source, args.target)
    if to_celsius(result, args.target) < -273.15:
        print("that is below absolute zero", file=sys.stderr)
        return 1
    text = f"{result:.{args.precision}f}"
    if args.verbose:
        print(f"{args.value} {args.source.upper()} = {text} {args.target.upper()}")
    else:
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
