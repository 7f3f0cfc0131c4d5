"""A file in the making: `npm start` completes the unfinished places."""


def celsius_to_fahrenheit(celsius):
    """Convert a temperature from Celsius to Fahrenheit."""
    return celsius * 9 / 5 + 32


def fahrenheit_to_celsius(fahrenheit):
    """Convert a temperature from Fahrenheit to Celsius."""
    return 


def mean(values):
    """Return the arithmetic mean of the values."""
    return sum(values) / len(values)


def count_words(text):
    """Return a dict from each word of the text to how often it occurs."""
    counts = {}
    for word in text.split():
        


class Stack:
    """A last-in, first-out collection."""

    def __init__(self):
        self.items = []

    def push(self, item):
        self.items.append(item)

    def pop(self):
        

    def is_empty(self):
        return len(self.items) == 0


if __name__ == "__main__":
    print(celsius_to_fahrenheit(21))
    print(mean([1, 2, 3]))
