import random

WORDS = ["apple", "river", "stone", "cloud", "tiger", "piano"]
MAX_TRIES = 6


def choose_word(words):
    return random.choice(words)


def mask(word, guessed):
    return " ".join(letter if letter in guessed else "_" for letter in word)


def ask_letter(guessed):
    while True:
        letter = input("letter: ").strip().lower()
        if len(letter) != 1 or not letter.isalpha():
            print("please enter one letter")
        elif letter in guessed:
            print("you already tried that one")
        else:
            return letter


def play(word):
    guessed = set()
    tries = MAX_TRIES
    while tries > 0:
        print(mask(word, guessed), f"({tries} tries left)")
        letter = ask_letter(guessed)
        guessed.add(letter)
        if letter not in word:
            tries -= 1
            print("no", letter)
        if all(letter in guessed for letter in word):
            print("you won! the word was", word)
            return True
    print("you lost, the word was", word)
    return False


def main():
    wins = 0
    rounds = 0
    while True:
        rounds += 1
        if play(choose_word(WORDS)):
            wins += 1
        again = input("play again? (y/n) ")
        if again.lower() != "y":
            break
    print(f"{wins} of {rounds} won")


if __name__ == "__main__":
    main()
