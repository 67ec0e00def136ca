#!/usr/bin/env python3
"""Every verdict once, in order, whatever the network does: subscribes, asks for what it missed, drops what comes twice.

    pip install pyzmq; subscriber.py tcp://127.0.0.1:5556 tcp://127.0.0.1:5557 position.txt
"""
import json, os, sys, zmq

verdicts, catch_up, place = sys.argv[1:4]
context = zmq.Context()
live = context.socket(zmq.SUB)                       # first, so that nothing falls between
live.connect(verdicts)
live.subscribe(b"")
epoch, last = open(place).read().split() if os.path.exists(place) else ("", "0")
last = int(last)

def handle(event):
    """Yours: must have acted on the event when it returns."""
    print(event["seq"], event["camera"], event.get("verdict", event["type"]), flush=True)

def ask():
    """Everything after `last` from the journal; what cannot be had now is asked for at the next heartbeat."""
    global epoch, last
    socket = context.socket(zmq.REQ)
    socket.linger, socket.rcvtimeo = 0, 2000
    socket.connect(catch_up)
    try:
        while True:
            socket.send_json({"since": last} | ({"epoch": epoch} if epoch else {}))
            head, *events = socket.recv_multipart()
            head = json.loads(head)
            if head["type"] == "error": raise SystemExit(head["detail"])
            if head["type"] == "gone": print("gone:", last + 1, "to", head["oldest"] - 1, file=sys.stderr)
            last = {"gone": head.get("oldest", 1) - 1, "epoch": 0}.get(head["type"], last)
            epoch = head["epoch"]
            for event in events: take(json.loads(event))
            if head["type"] == "events" and last >= head["high"]: return
    except zmq.Again: pass
    finally: socket.close()

def take(event):
    global last
    handle(event)
    last = event["seq"]
    with open(place + ".new", "w") as file: file.write(f"{epoch} {last}")
    os.replace(place + ".new", place)

ask()
while True:
    _, body = (live.recv_multipart() + [b"{}"])[:2]
    event = json.loads(body) if body.startswith(b"{") else {}
    if event.get("type") not in ("verdict", "missing", "heartbeat"): continue
    if event["epoch"] == epoch and event["seq"] == last + 1 and event["type"] != "heartbeat": take(event)
    elif event["epoch"] != epoch or event["seq"] > last: ask()
