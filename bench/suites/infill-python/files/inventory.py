from dataclasses import dataclass
from enum import Enum
from typing import Iterable, Optional


class Category(Enum):
    TOOL = "tool"
    PART = "part"
    CONSUMABLE = "consumable"


@dataclass(frozen=True)
class Product:
    sku: str
    name: str
    category: Category
    price_cents: int


class Inventory:
    def __init__(self) -> None:
        self._products: dict[str, Product] = {}
        self._stock: dict[str, int] = {}

    def register(self, product: Product, quantity: int = 0) -> None:
        if product.sku in self._products:
            raise ValueError(f"duplicate sku {product.sku}")
        self._products[product.sku] = product
        self._stock[product.sku] = quantity

    def receive(self, sku: str, quantity: int) -> int:
        self._check(sku)
        self._stock[sku] += quantity
        return self._stock[sku]

    def ship(self, sku: str, quantity: int) -> int:
        self._check(sku)
        if self._stock[sku] < quantity:
            raise ValueError(f"only {self._stock[sku]} of {sku} left")
        self._stock[sku] -= quantity
        return self._stock[sku]

    def find(self, name: str) -> Optional[Product]:
        for product in self._products.values():
            if product.name.lower() == name.lower():
                return product
        return None

    def in_category(self, category: Category) -> Iterable[Product]:
        return (p for p in self._products.values() if p.category is category)

    def low_stock(self, limit: int = 5) -> list[str]:
        return sorted(sku for sku, count in self._stock.items() if count < limit)

    def value_cents(self) -> int:
        return sum(self._products[sku].price_cents * count for sku, count in self._stock.items())

    def _check(self, sku: str) -> None:
        if sku not in self._products:
            raise KeyError(sku)
