import re
from collections import Counter
from datetime import datetime

LINE = re.compile(r"^(?P<time>\S+ \S+) (?P<level>[A-Z]+) (?P<message>.*)$")


def parse_line(line):
    match = LINE.match(line)
    if match is None:
        return None
    time = datetime.strptime(match.group("time"), "%Y-%m-%d %H:%M:%S")
    return time, match.group("level"), match.group("message")


def count_levels(lines):
    counts = Counter()
    for line in lines:
        parsed = parse_line(line)
        if parsed is not None:
            counts[parsed[1]] += 1
    return counts


def errors_per_hour(lines):
    hours = Counter()
    for line in lines:
        parsed = parse_line(line)
        if parsed is None:
            continue
        time, level, _ = parsed
        if level == "ERROR":
            hours[time.hour] += 1
    return [hours[hour] for hour in range(24)]


def most_common_messages(lines, limit=10):
    messages = Counter()
    for line in lines:
        parsed = parse_line(line)
        if parsed:
            messages[parsed[2]] += 1
    return messages.most_common(limit)


def summarize(path):
    with open(path, encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f]
    print(f"{len(lines)} lines")
    for level, count in count_levels(lines).items():
        print(f"{level:8} {count}")
    print("most common messages:")
    for message, count in most_common_messages(lines, 5):
        print(f"{count:6} {message}")
