"""A small calculator: tokens, a recursive descent parser and an evaluator."""


class ParseError(Exception):
    pass


def tokenize(source):
    tokens = []
    i = 0
    while i < len(source):
        char = source[i]
        if char.isspace():
            i += 1
        elif char.isdigit() or char == ".":
            start = i
            while i < len(source) and (source[i].isdigit() or source[i] == "."):
                i += 1
            tokens.append(("number", float(source[start:i])))
        elif char in "+-*/()":
            tokens.append(("symbol", char))
            i += 1
        else:
            raise ParseError(f"unexpected character {char!r} at {i}")
    tokens.append(("end", None))
    return tokens


class Parser:
    def __init__(self, tokens):
        self.tokens = tokens
        self.position = 0

    def peek(self):
        return self.tokens[self.position]

    def advance(self):
        token = self.tokens[self.position]
        self.position += 1
        return token

    def accept(self, *symbols):
        kind, value = self.peek()
        if kind == "symbol" and value in symbols:
            self.advance()
            return value
        return None

    def expression(self):
        result = self.term()
        while True:
            operator = self.accept("+", "-")
            if operator is None:
                return result
            right = self.term()
            result = result + right if operator == "+" else result - right

    def term(self):
        result = self.factor()
        while True:
            operator = self.accept("*", "/")
            if operator is None:
                return result
            right = self.factor()
            result = result * right if operator == "*" else result / right

    def factor(self):
        if self.accept("-"):
            return -self.factor()
        if self.accept("("):
            result = self.expression()
            if not self.accept(")"):
                raise ParseError("missing )")
            return result
        kind, value = self.advance()
        if kind != "number":
            raise ParseError(f"expected a number, got {value!r}")
        return value


def evaluate(source):
    parser = Parser(tokenize(source))
    result = parser.expression()
    if parser.peek()[0] != "end":
        raise ParseError("unexpected input after expression")
    return result
