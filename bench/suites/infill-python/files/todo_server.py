import json
from http.server import BaseHTTPRequestHandler, HTTPServer

todos = {}
next_id = 1


class TodoHandler(BaseHTTPRequestHandler):
    def send_json(self, status, body):
        data = json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def read_json(self):
        length = int(self.headers.get("Content-Length", 0))
        return json.loads(self.rfile.read(length))

    def do_GET(self):
        if self.path == "/todos":
            self.send_json(200, list(todos.values()))
        elif self.path.startswith("/todos/"):
            todo = todos.get(self.todo_id())
            if todo is None:
                self.send_json(404, {"error": "not found"})
            else:
                self.send_json(200, todo)
        else:
            self.send_json(404, {"error": "no such path"})

    def do_POST(self):
        global next_id
        try:
            body = self.read_json()
        except json.JSONDecodeError:
            self.send_json(400, {"error": "invalid JSON"})
            return
        todo = {"id": next_id, "title": body["title"], "done": False}
        todos[next_id] = todo
        next_id += 1
        self.send_json(201, todo)

    def do_DELETE(self):
        if todos.pop(self.todo_id(), None) is None:
            self.send_json(404, {"error": "not found"})
        else:
            self.send_json(200, {"ok": True})

    def todo_id(self):
        try:
            return int(self.path.rsplit("/", 1)[1])
        except ValueError:
            return None


def run(port=8000):
    server = HTTPServer(("localhost", port), TodoHandler)
    print(f"listening on http://localhost:{port}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    run()
