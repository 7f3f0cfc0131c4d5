import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT UNIQUE,
    phone TEXT
)
"""


class ContactStore:
    def __init__(self, path=":memory:"):
        self.connection = sqlite3.connect(path)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute(SCHEMA)

    def add(self, name, email, phone=None):
        cursor = self.connection.execute(
            "INSERT INTO contacts (name, email, phone) VALUES (?, ?, ?)",
            (name, email, phone),
        )
        self.connection.commit()
        return cursor.lastrowid

    def get(self, contact_id):
        row = self.connection.execute(
            "SELECT * FROM contacts WHERE id = ?", (contact_id,)
        ).fetchone()
        return dict(row) if row else None

    def search(self, text):
        pattern = f"%{text}%"
        rows = self.connection.execute(
            "SELECT * FROM contacts WHERE name LIKE ? OR email LIKE ? ORDER BY name",
            (pattern, pattern),
        )
        return [dict(row) for row in rows]

    def update_phone(self, contact_id, phone):
        self.connection.execute(
            "UPDATE contacts SET phone = ? WHERE id = ?", (phone, contact_id)
        )
        self.connection.commit()

    def delete(self, contact_id):
        self.connection.execute("DELETE FROM contacts WHERE id = ?", (contact_id,))
        self.connection.commit()

    def count(self):
        return self.connection.execute("SELECT COUNT(*) FROM contacts").fetchone()[0]

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()
