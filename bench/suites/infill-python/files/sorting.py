"""Classic sorting algorithms, written out for a study group."""
import random


def bubble_sort(values):
    values = list(values)
    n = len(values)
    for i in range(n):
        swapped = False
        for j in range(n - i - 1):
            if values[j] > values[j + 1]:
                values[j], values[j + 1] = values[j + 1], values[j]
                swapped = True
        if not swapped:
            break
    return values


def insertion_sort(values):
    values = list(values)
    for i in range(1, len(values)):
        current = values[i]
        j = i - 1
        while j >= 0 and values[j] > current:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = current
    return values


def merge(left, right):
    result = []
    i = j = 0
    while i < len(left) and j < len(right):
        if left[i] <= right[j]:
            result.append(left[i])
            i += 1
        else:
            result.append(right[j])
            j += 1
    result.extend(left[i:])
    result.extend(right[j:])
    return result


def merge_sort(values):
    if len(values) <= 1:
        return list(values)
    middle = len(values) // 2
    return merge(merge_sort(values[:middle]), merge_sort(values[middle:]))


def quick_sort(values):
    if len(values) <= 1:
        return list(values)
    pivot = random.choice(values)
    smaller = [v for v in values if v < pivot]
    equal = [v for v in values if v == pivot]
    larger = [v for v in values if v > pivot]
    return quick_sort(smaller) + equal + quick_sort(larger)


def is_sorted(values):
    return all(a <= b for a, b in zip(values, values[1:]))


if __name__ == "__main__":
    numbers = [random.randint(0, 100) for _ in range(20)]
    for sort in (bubble_sort, insertion_sort, merge_sort, quick_sort):
        assert is_sorted(sort(numbers)), sort.__name__
    print("all sorted")
