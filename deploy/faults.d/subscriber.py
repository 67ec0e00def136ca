"""A subscriber that must miss nothing: subscribes first, asks for what it lacks, drops what comes twice, and goes on where it was.

usage: subscriber.py VERDICTS CATCH_UP FOLDER [RECEIVE_HIGH_WATER_MARK [RECEIVE_BUFFER]]

FOLDER/live.jsonl gets every event as the socket brings it, before any thought; FOLDER/seen.jsonl the row that was made of them and of
answers; FOLDER/status.jsonl the status events. It may be killed and started again: the end of seen.jsonl says where it was.
"""
import json
import os
import sys

import zmq


def open_whole(path: str):
    """To append; a line that was cut by a death is taken away."""
    file = open(path, "ab+", buffering=0)
    file.seek(0)
    text = file.read()
    file.truncate(text.rfind(b"\n") + 1)
    return file, text[:text.rfind(b"\n") + 1]


class Subscriber:
    def __init__(self, verdicts: str, catch_up: str, folder: str, high_water_mark: int, buffer: int) -> None:
        self.context = zmq.Context()
        self.catch_up = catch_up
        self.socket = self.context.socket(zmq.SUB)
        self.socket.rcvhwm = high_water_mark
        if buffer:
            self.socket.rcvbuf = buffer
        self.socket.reconnect_ivl = 50
        self.socket.connect(verdicts)
        self.socket.subscribe(b"")
        self.live, _ = open_whole(os.path.join(folder, "live.jsonl"))
        self.status, _ = open_whole(os.path.join(folder, "status.jsonl"))
        self.seen, before = open_whole(os.path.join(folder, "seen.jsonl"))
        self.epoch, self.last = None, 0
        if before:
            event = json.loads(before.splitlines()[-1])
            self.epoch, self.last = event["epoch"], event["seq"]

    def take(self, body: bytes, seq: int) -> None:
        self.seen.write(body + b"\n")
        self.last = seq

    def ask(self) -> None:
        """Everything after the last event. Where nobody answers, the next heartbeat asks again."""
        socket = self.context.socket(zmq.DEALER)
        socket.linger = 0
        socket.connect(self.catch_up)
        try:
            while True:
                request = {"since": self.last, "limit": 512} | ({"epoch": self.epoch} if self.epoch else {})
                socket.send(json.dumps(request).encode())
                if not socket.poll(3000):
                    return
                head, *events = socket.recv_multipart()
                answer = json.loads(head)
                if answer["type"] != "events":
                    print("answer:", head.decode(), file=sys.stderr, flush=True)
                    if answer["type"] == "error":
                        return
                    self.epoch, self.last = answer["epoch"], answer["oldest"] - 1 if answer["type"] == "gone" else 0
                    continue
                self.epoch = answer["epoch"]
                for body in events:
                    self.take(body, json.loads(body)["seq"])
                if answer["next"] >= answer["high"]:
                    return
        finally:
            socket.close()

    def run(self) -> None:
        self.ask()
        while True:
            parts = self.socket.recv_multipart()
            event = json.loads(parts[1]) if len(parts) == 2 else {}
            kind = event.get("type")
            if kind == "status":
                self.status.write(parts[1] + b"\n")
            if kind in ("verdict", "missing"):
                self.live.write(parts[1] + b"\n")
            elif kind != "heartbeat":
                continue
            if event["epoch"] == self.epoch and event["seq"] == self.last + 1 and kind != "heartbeat":
                self.take(parts[1], event["seq"])
            elif event["epoch"] != self.epoch or event["seq"] > self.last:
                self.ask()


if __name__ == "__main__":
    numbers = [int(number) for number in sys.argv[4:]] + [1000, 0]
    Subscriber(*sys.argv[1:4], numbers[0], numbers[1] if len(sys.argv) > 5 else 0).run()
