import os
import random
import time

ALIVE = "#"
DEAD = "."


def random_board(width, height, density=0.3):
    return [[random.random() < density for _ in range(width)] for _ in range(height)]


def count_neighbors(board, x, y):
    height = len(board)
    width = len(board[0])
    count = 0
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            if dx == 0 and dy == 0:
                continue
            if board[(y + dy) % height][(x + dx) % width]:
                count += 1
    return count


def step(board):
    height = len(board)
    width = len(board[0])
    new_board = [[False] * width for _ in range(height)]
    for y in range(height):
        for x in range(width):
            neighbors = count_neighbors(board, x, y)
            if board[y][x]:
                new_board[y][x] = neighbors in (2, 3)
            else:
                new_board[y][x] = neighbors == 3
    return new_board


def draw(board):
    os.system("cls" if os.name == "nt" else "clear")
    for row in board:
        print("".join(ALIVE if cell else DEAD for cell in row))


def load(path):
    board = []
    with open(path) as f:
        for line in f:
            board.append([char == ALIVE for char in line.strip()])
    return board


def run(generations=100, delay=0.1):
    board = random_board(40, 20)
    for _ in range(generations):
        draw(board)
        time.sleep(delay)
        board = step(board)


if __name__ == "__main__":
    run()
