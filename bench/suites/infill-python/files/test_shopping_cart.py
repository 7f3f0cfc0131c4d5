import unittest

from shopping_cart import Cart, Item


class ItemTest(unittest.TestCase):
    def test_total_multiplies_price_and_quantity(self):
        item = Item("pen", 1.5, 4)
        self.assertEqual(item.total, 6.0)

    def test_quantity_defaults_to_one(self):
        item = Item("book", 12.0)
        self.assertEqual(item.quantity, 1)


class CartTest(unittest.TestCase):
    def setUp(self):
        self.cart = Cart()

    def test_new_cart_is_empty(self):
        self.assertTrue(self.cart.is_empty())
        self.assertEqual(len(self.cart), 0)

    def test_adding_the_same_item_twice_merges_them(self):
        self.cart.add("pen", 1.5)
        self.cart.add("pen", 1.5, 2)
        self.assertEqual(len(self.cart.items), 1)
        self.assertEqual(self.cart.items[0].quantity, 3)

    def test_negative_price_is_refused(self):
        with self.assertRaises(ValueError):
            self.cart.add("pen", -1)

    def test_remove_reports_whether_something_was_removed(self):
        self.cart.add("pen", 1.5)
        self.assertTrue(self.cart.remove("pen"))
        self.assertFalse(self.cart.remove("pen"))

    def test_coupon_lowers_the_total(self):
        self.cart.add("book", 10.0)
        self.cart.apply_coupon("SPRING", {"SPRING": 0.1})
        self.assertEqual(self.cart.total(), 9.0)

    def test_unknown_coupon(self):
        with self.assertRaises(KeyError):
            self.cart.apply_coupon("NOPE", {})


if __name__ == "__main__":
    unittest.main()
