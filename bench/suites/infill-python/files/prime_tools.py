from functools import reduce
from math import gcd, isqrt


def is_prime(n):
    if n < 2:
        return False
    for i in range(2, isqrt(n) + 1):
        if n % i == 0:
            return False
    return True


def sieve(limit):
    is_composite = [False] * (limit + 1)
    primes = []
    for n in range(2, limit + 1):
        if is_composite[n]:
            continue
        primes.append(n)
        for multiple in range(n * n, limit + 1, n):
            is_composite[multiple] = True
    return primes


def prime_factors(n):
    factors = []
    divisor = 2
    while divisor * divisor <= n:
        while n % divisor == 0:
            factors.append(divisor)
            n //= divisor
        divisor += 1
    if n > 1:
        factors.append(n)
    return factors


def divisors(n):
    return [d for d in range(1, n + 1) if n % d == 0]


def lcm(a, b):
    return a * b // gcd(a, b)


def lcm_all(numbers):
    return reduce(lcm, numbers, 1)


def is_perfect(n):
    return n > 1 and sum(divisors(n)[:-1]) == n


def fibonacci(count):
    a, b = 0, 1
    for _ in range(count):
        yield a
        a, b = b, a + b


def digits_sum(n):
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total


def to_base(n, base):
    if n == 0:
        return "0"
    symbols = "0123456789abcdef"
    result = ""
    while n > 0:
        n, remainder = divmod(n, base)
        result = symbols[remainder] + result
    return result
