import calendar
from datetime import date, datetime, timedelta


def parse_date(text):
    for pattern in ("%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, pattern).date()
        except ValueError:
            continue
    raise ValueError(f"not a date: {text}")


def is_weekend(day):
    return day.weekday() >= 5


def is_leap_year(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_between(start, end):
    return abs((end - start).days)


def add_months(day, months):
    month = day.month - 1 + months
    year = day.year + month // 12
    month = month % 12 + 1
    last_day = calendar.monthrange(year, month)[1]
    return date(year, month, min(day.day, last_day))


def workdays(start, end):
    day = start
    while day <= end:
        if not is_weekend(day):
            yield day
        day += timedelta(days=1)


def age(birthday, today=None):
    today = today or date.today()
    years = today.year - birthday.year
    if (today.month, today.day) < (birthday.month, birthday.day):
        years -= 1
    return years


def next_weekday(day, weekday):
    days_ahead = (weekday - day.weekday()) % 7
    return day + timedelta(days=days_ahead or 7)


def format_duration(seconds):
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes}m {seconds}s"
    if minutes:
        return f"{minutes}m {seconds}s"
    return f"{seconds}s"
