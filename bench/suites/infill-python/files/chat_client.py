import argparse
import socket
import threading


class ChatClient:
    def __init__(self, host, port, nickname):
        self.host = host
        self.port = port
        self.nickname = nickname
        self.socket = None
        self.running = False

    def connect(self):
        self.socket = socket.create_connection((self.host, self.port))
        self.running = True
        self.send(f"/nick {self.nickname}")
        thread = threading.Thread(target=self.receive_loop, daemon=True)
        thread.start()

    def send(self, message):
        self.socket.sendall((message + "\n").encode("utf-8"))

    def receive_loop(self):
        buffer = b""
        while self.running:
            try:
                data = self.socket.recv(4096)
            except OSError:
                break
            if not data:
                print("connection closed by the server")
                self.running = False
                break
            buffer += data
            while b"\n" in buffer:
                line, buffer = buffer.split(b"\n", 1)
                print(line.decode("utf-8", errors="replace"))

    def close(self):
        self.running = False
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nickname")
    parser.add_argument("--host", default="localhost")
    parser.add_argument("--port", type=int, default=5050)
    args = parser.parse_args()

    client = ChatClient(args.host, args.port, args.nickname)
    client.connect()
    try:
        while client.running:
            message = input()
            if message == "/quit":
                break
            client.send(message)
    except (KeyboardInterrupt, EOFError):
        pass
    finally:
        client.close()


if __name__ == "__main__":
    main()
