import math
import statistics

readings = [
    {"city": "Oslo", "day": 1, "temp": -3.5, "rain": 0.0},
    {"city": "Oslo", "day": 2, "temp": -1.0, "rain": 2.4},
    {"city": "Rome", "day": 1, "temp": 11.5, "rain": 0.0},
    {"city": "Rome", "day": 2, "temp": 12.0, "rain": 6.1},
]


def by_city(readings):
    grouped = {}
    for reading in readings:
        grouped.setdefault(reading["city"], []).append(reading)
    return grouped


def mean_temperature(readings):
    return statistics.mean(r["temp"] for r in readings)


def warmest(readings):
    return max(readings, key=lambda r: r["temp"])


def rainy_days(readings, threshold=1.0):
    return [r["day"] for r in readings if r["rain"] >= threshold]


def to_fahrenheit(celsius):
    return celsius * 9 / 5 + 32


def wind_chill(temp, wind):
    if wind < 5:
        return temp
    return 13.12 + 0.6215 * temp - 11.37 * math.pow(wind, 0.16) + 0.3965 * temp * math.pow(wind, 0.16)


def moving_average(values, size):
    averages = []
    for i in range(len(values) - size + 1):
        window = values[i : i + size]
        averages.append(sum(window) / size)
    return averages


def report(readings):
    lines = []
    for city, rows in sorted(by_city(readings).items()):
        mean = mean_temperature(rows)
        best = warmest(rows)
        lines.append(f"{city}: mean {mean:.1f}, warmest on day {best['day']}")
    return "\n".join(lines)


print(report(readings))
