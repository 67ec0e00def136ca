#!/usr/bin/env python3
"""Every verdict once, in order: subscriber.py tcp://127.0.0.1:5556 tcp://127.0.0.1:5557 position.txt  (needs pyzmq alone)"""
import json, os, sys, zmq
verdicts, catch_up, place = sys.argv[1:4]
live = zmq.Context.instance().socket(zmq.SUB)  # before anything is asked for, so that nothing falls between
live.connect(verdicts)
live.subscribe(b"")
epoch, last = open(place).read().split() if os.path.exists(place) and os.path.getsize(place) else ("", 0)
last = int(last)
def take(event):
    global last
    print(event["seq"], event["camera"], event.get("verdict", event["type"]), flush=True)  # yours: act on it here
    last = event["seq"]
    with open(place + ".new", "w") as file: file.write(f"{epoch} {last}")
    os.replace(place + ".new", place)

def ask():  # everything after `last`; if nobody answers, the next heartbeat asks again
    global epoch, last
    with zmq.Context.instance().socket(zmq.REQ) as socket:
        socket.linger, socket.rcvtimeo = 0, 2000
        socket.connect(catch_up)
        while True:
            socket.send_json({"since": last, "epoch": epoch} if epoch else {"since": last})
            try: head, *events = socket.recv_multipart()
            except zmq.Again: return
            head = json.loads(head)
            if head["type"] == "error": return print("not now:", head["detail"], file=sys.stderr)
            if head["type"] == "gone": print("gone:", last + 1, "to", head["oldest"] - 1, file=sys.stderr)
            if head["type"] != "events": last = head.get("oldest", 1) - 1  # another epoch begins at 1
            epoch = head["epoch"]
            for event in events: take(json.loads(event))
            if head["type"] == "events" and last >= head["high"]: return

ask()
while True:
    topic, *parts = live.recv_multipart()
    if topic.endswith((b"/verdict", b"/missing")) or topic == b"status/heartbeat":
        event = json.loads(parts[0])
        if topic != b"status/heartbeat" and (event["epoch"], event["seq"]) == (epoch, last + 1): take(event)
        elif event["epoch"] != epoch or event["seq"] > last: ask()
