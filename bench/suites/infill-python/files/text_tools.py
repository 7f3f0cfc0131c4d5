import string
import textwrap

VOWELS = "aeiou"


def count_words(text):
    return len(text.split())


def count_vowels(text):
    count = 0
    for char in text.lower():
        if char in VOWELS:
            count += 1
    return count


def is_palindrome(text):
    cleaned = "".join(char.lower() for char in text if char.isalnum())
    return cleaned == cleaned[::-1]


def title_case(text):
    small = {"a", "an", "and", "of", "the", "in", "on"}
    words = text.split()
    result = []
    for i, word in enumerate(words):
        if i > 0 and word.lower() in small:
            result.append(word.lower())
        else:
            result.append(word.capitalize())
    return " ".join(result)


def slugify(title):
    allowed = string.ascii_lowercase + string.digits + "-"
    slug = title.lower().strip().replace(" ", "-")
    slug = "".join(char for char in slug if char in allowed)
    while "--" in slug:
        slug = slug.replace("--", "-")
    return slug


def caesar(text, shift):
    result = ""
    for char in text:
        if char.isupper():
            result += chr((ord(char) - 65 + shift) % 26 + 65)
        elif char.islower():
            result += chr((ord(char) - 97 + shift) % 26 + 97)
        else:
            result += char
    return result


def wrap_comment(text, width=72):
    lines = textwrap.wrap(text, width - 2)
    return "\n".join("# " + line for line in lines)


def longest_word(text):
    words = text.split()
    if not words:
        return ""
    return max(words, key=len)
