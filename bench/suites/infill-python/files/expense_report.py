import csv
import sys
from collections import defaultdict


def read_expenses(path):
    """Yield one (date, category, amount) tuple per row of the CSV file."""
    with open(path, newline="") as handle:
        for row in csv.DictReader(handle):
            try:
                amount = float(row["amount"])
            except ValueError:
                print(f"skipping bad amount: {row['amount']}", file=sys.stderr)
                continue
            yield row["date"], row["category"].strip().lower(), amount


def total_by_category(expenses):
    totals = defaultdict(float)
    for _, category, amount in expenses:
        totals[category] += amount
    return dict(totals)


def total_by_month(expenses):
    totals = defaultdict(float)
    for date, _, amount in expenses:
        month = date[:7]
        totals[month] += amount
    return dict(totals)


def print_table(totals):
    width = max(len(name) for name in totals)
    for name, amount in sorted(totals.items(), key=lambda item: item[1], reverse=True):
        print(f"{name:<{width}}  {amount:>10.2f}")
    print("-" * (width + 12))
    print(f"{'total':<{width}}  {sum(totals.values()):>10.2f}")


def main():
    if len(sys.argv) != 2:
        print("usage: expense_report.py FILE")
        return 1
    expenses = list(read_expenses(sys.argv[1]))
    if not expenses:
        print("no expenses found")
        return 0
    print_table(total_by_category(expenses))
    print()
    print_table(total_by_month(expenses))
    return 0


if __name__ == "__main__":
    sys.exit(main())
