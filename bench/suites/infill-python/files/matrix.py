class Matrix:
    def __init__(self, rows):
        self.rows = [list(row) for row in rows]
        self.height = len(self.rows)
        self.width = len(self.rows[0]) if self.rows else 0
        for row in self.rows:
            if len(row) != self.width:
                raise ValueError("all rows must have the same length")

    @classmethod
    def zeros(cls, height, width):
        return cls([[0] * width for _ in range(height)])

    @classmethod
    def identity(cls, size):
        result = cls.zeros(size, size)
        for i in range(size):
            result.rows[i][i] = 1
        return result

    def __getitem__(self, index):
        row, column = index
        return self.rows[row][column]

    def __setitem__(self, index, value):
        row, column = index
        self.rows[row][column] = value

    def __eq__(self, other):
        return isinstance(other, Matrix) and self.rows == other.rows

    def __add__(self, other):
        if (self.height, self.width) != (other.height, other.width):
            raise ValueError("shapes differ")
        return Matrix(
            [a + b for a, b in zip(left, right)] for left, right in zip(self.rows, other.rows)
        )

    def __matmul__(self, other):
        if self.width != other.height:
            raise ValueError("inner dimensions differ")
        result = Matrix.zeros(self.height, other.width)
        for i in range(self.height):
            for j in range(other.width):
                total = 0
                for k in range(self.width):
                    total += self[i, k] * other[k, j]
                result[i, j] = total
        return result

    def transpose(self):
        return Matrix(zip(*self.rows))

    def trace(self):
        return sum(self.rows[i][i] for i in range(min(self.height, self.width)))

    def __str__(self):
        return "\n".join(" ".join(str(value) for value in row) for row in self.rows)
