from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: float
    quantity: int = 1

    @property
    def total(self) -> float:
        return self.price * self.quantity


@dataclass
class Cart:
    items: list[Item] = field(default_factory=list)
    discount: float = 0.0

    def add(self, name: str, price: float, quantity: int = 1) -> None:
        if price < 0:
            raise ValueError("price must not be negative")
        for item in self.items:
            if item.name == name and item.price == price:
                item.quantity += quantity
                return
        self.items.append(Item(name, price, quantity))

    def remove(self, name: str) -> bool:
        for index, item in enumerate(self.items):
            if item.name == name:
                del self.items[index]
                return True
        return False

    def subtotal(self) -> float:
        return sum(item.total for item in self.items)

    def total(self) -> float:
        return round(self.subtotal() * (1 - self.discount), 2)

    def apply_coupon(self, code: str, coupons: dict[str, float]) -> None:
        if code not in coupons:
            raise KeyError(f"unknown coupon: {code}")
        self.discount = max(self.discount, coupons[code])

    def is_empty(self) -> bool:
        return len(self.items) == 0

    def __len__(self) -> int:
        return sum(item.quantity for item in self.items)
