"""Verdicts by MQTT: a real mosquitto with TLS, passwords and an access list, which is started anew again and again, connections to it that are cut and
that fall silent, and a flawd that is killed. What a subscriber with a session of its own saw is the journal.

    apt-get install mosquitto openssl; pip install pyzmq paho-mqtt
    mqtt.py PATH/TO/flawd      exit code 0: every row of the journal came, byte for byte and in order
"""
import atexit
import collections
import json
import os
import pathlib
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import paho.mqtt.client as paho
import zmq

FRAMES, CAMERAS = 8000, 3
program = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))
os.environ["PATH"] += ":/usr/sbin"


processes = []
atexit.register(lambda: [process.kill() for process in processes if process.poll() is None])


def start(*arguments, **options):
    processes.append(subprocess.Popen(arguments, **options))
    return processes[-1]


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


def wait(what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"{what}: not within {seconds} s; see {folder}")
        time.sleep(0.05)


def certificates():
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=a plant's authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "broker.pem", "-days", "2", "-extfile", "names")


class Broker:
    def __init__(self):
        self.port = free_port()
        for user, password in [("press4", "of flawd"), ("plc", "of the gateway")]:
            subprocess.run(["mosquitto_passwd", *([] if (folder / "users").exists() else ["-c"]), "-b", folder / "users", user, password], check=True)
        (folder / "access").write_text("user press4\ntopic write flawd/press4/#\nuser plc\ntopic read flawd/#\n")
        user = f"user {os.environ.get('USER', 'root')}\n"
        # A gateway's session keeps as much as it takes, over the broker's restart, too.
        (folder / "mosquitto.conf").write_text(
            f"{user}listener {self.port} 127.0.0.1\ncafile {folder}/ca.pem\ncertfile {folder}/broker.pem\nkeyfile {folder}/broker.key\nallow_anonymous false\n"
            f"password_file {folder}/users\nacl_file {folder}/access\npersistence true\npersistence_location {folder}/\nmax_queued_messages 0\n")
        self.start()

    def start(self):
        log = open(folder / "mosquitto.log", "ab")
        self.process = start("mosquitto", "-c", folder / "mosquitto.conf", stdout=log, stderr=log)
        def listens():
            with socket.socket() as trial:
                return trial.connect_ex(("127.0.0.1", self.port)) == 0
        wait("the broker", listens, 10)

    def restart(self, away):
        self.process.terminate()     # killed outright, it would lose what it has acknowledged
        self.process.wait()
        time.sleep(away)
        self.start()


class Cable:
    """Between flawd and the broker: can be cut, and can fall silent without a word to either side."""

    def __init__(self, target):
        self.target, self.silent, self.pairs = target, False, []
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.server.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.pairs = [(near, far)]
            for source, sink in [(near, far), (far, near)]:
                threading.Thread(target=self.carry, args=(source, sink), daemon=True).start()

    def carry(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                while self.silent:
                    time.sleep(0.01)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def cut(self):
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Gateway:
    """A subscriber whose session the broker keeps."""

    def __init__(self, port):
        self.messages, self.late = [], []
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="gateway", clean_session=False)
        self.client.username_pw_set("plc", "of the gateway")
        self.client.tls_set(ca_certs=folder / "ca.pem")
        self.client.reconnect_delay_set(1, 1)
        self.client.on_message = self.take
        self.client.on_connect = lambda client, *_: client.subscribe("flawd/press4/#", qos=1)
        self.client.connect("localhost", port)
        self.client.loop_start()
        wait("the gateway", self.client.is_connected, 10)

    def take(self, _client, _data, message):
        self.messages.append((message.topic, message.payload))
        if message.topic.endswith("/verdict"):
            self.late.append((time.time_ns(), message.payload))

    def events(self):
        return [(topic, payload) for topic, payload in list(self.messages) if topic.endswith(("/verdict", "/missing"))]

    def statuses(self):
        return [json.loads(payload) for topic, payload in list(self.messages) if topic == "flawd/press4/status"]


def daemon():
    log = open(folder / "flawd.log", "ab")
    before = log.tell()
    process = start(program, "run", "--config", folder / "flawd.yaml", stderr=log)
    wait("the daemon", lambda: process.poll() is not None or "ready\n" in (folder / "flawd.log").read_text()[before:], 30)
    if process.poll() is not None:
        raise SystemExit((folder / "flawd.log").read_text())
    return process


def rows():
    with sqlite3.connect(f"file:{folder}/journal.sqlite?mode=ro", uri=True) as journal:
        return journal.execute("SELECT seq, camera, kind, json FROM event ORDER BY seq").fetchall()


def publish(numbers, pause=0.0005):
    """Small raw pictures of cameras without an entry in the region file: each gets its verdict, and no model is asked."""
    for number in numbers:
        for camera in range(CAMERAS):
            name = f"line/{camera}" if camera else "line/0+#"
            header = {"schema_version": 1, "camera": name, "stream": "color", "sequence": number, "captured_monotonic_ns": 0, "captured_utc_ns": 0,
                      "width": 4, "height": 4, "pixel_format": "bgr8", "codec": "raw_bgr8", "payload_size": 48, "part_id": f"P{number}"}
            frames.send_multipart([f"{name}/color".encode(), json.dumps(header).encode(), bytes(48)])
        time.sleep(pause)


def latencies(pairs):
    late = sorted((arrived - json.loads(payload)["published_utc_ns"]) / 1e6 for arrived, payload in pairs)
    return f"median {late[len(late) // 2]:.1f} ms, 99th percentile {late[len(late) * 99 // 100]:.1f} ms, most {late[-1]:.1f} ms"


def listen(seen, stop):
    with zmq.Context.instance().socket(zmq.SUB) as verdicts:
        verdicts.connect(f"ipc://{folder}/verdicts")
        verdicts.subscribe(b"line/")
        while not stop.is_set():
            if verdicts.poll(100):
                _, payload = verdicts.recv_multipart()
                seen.append((time.time_ns(), payload))


certificates()
broker = Broker()
cable = Cable(broker.port)
(folder / "password").write_text("of flawd\n")
(folder / "password").chmod(0o600)
(folder / "regions.yaml").write_text("version: 1\ncameras:\n  none: {regions: [{name: a, shape: {frame: true}}]}\n")
(folder / "flawd.yaml").write_text(json.dumps({
    "version": 1, "regions": "regions.yaml", "journal": {"path": "journal.sqlite"}, "pipeline": {"policy": "block"},
    "subscribe": {"bind": f"ipc://{folder}/frames"}, "publish": {"bind": f"ipc://{folder}/verdicts"},
    "mqtt": {"broker": f"mqtts://localhost:{cable.port}", "line": "press4", "username": "press4", "password_file": "password", "ca_file": "ca.pem", "keepalive_s": 5}}))


def refused(words, **changes):
    """What does not fit is said in words that tell what to do, and flawd runs on."""
    configuration = json.loads((folder / "flawd.yaml").read_text())
    configuration |= {"journal": {"path": "other.sqlite"}, "mqtt": {key: value for key, value in (configuration["mqtt"] | changes).items() if value}}
    (folder / "other.yaml").write_text(json.dumps(configuration))
    with open(folder / "other.log", "wb") as log:
        process = start(program, "run", "--config", folder / "other.yaml", stderr=log)
    wait(f"a refusal that says {words}", lambda: all(word in (folder / "other.log").read_text() for word in [*words, "ready\n"]), 30)
    process.terminate()
    if code := process.wait():
        raise SystemExit(f"exit code {code} of a daemon without a broker; see {folder}")


(folder / "wrong").write_text("of nobody")
(folder / "wrong").chmod(0o600)
refused(["Not authorized", "mqtt.password_file"], password_file="wrong")
refused(["certificate verify failed", "ca_file"], ca_file=None)
refused(["certificate verify failed", "name the host"], broker=f"mqtts://127.0.0.1:{cable.port}")
refused(["does not take flawd/press5/status", "Not authorized", "flawd/press5/#"], line="press5")

gateway = Gateway(broker.port)
frames = zmq.Context.instance().socket(zmq.PUB)
frames.sndhwm = 0
frames.connect(f"ipc://{folder}/frames")
flawd = daemon()
begun = time.monotonic()

# Live, undisturbed: how much later than by ZeroMQ it comes.
direct, stop = [], threading.Event()
threading.Thread(target=listen, args=(direct, stop), daemon=True).start()
time.sleep(1)
publish(range(600), pause=0.01)
wait("live events", lambda: rows() and len(gateway.late) >= len(rows()))
stop.set()
live = list(gateway.late)

# Cuts at any moment, broker restarts, a connection that falls silent, a dead flawd.
faults = collections.Counter()
done, sender = threading.Event(), threading.Thread(target=lambda: (publish(range(600, FRAMES), pause=0.004), done.set()))
sender.start()
while not done.is_set() or faults["restart"] < 4:
    time.sleep(random.uniform(0.5, 2.5))
    fault = "silence" if faults["silence"] < 1 and faults["cut"] >= 2 else "kill" if faults["kill"] < 1 and faults["restart"] >= 2 else random.choice(["cut", "cut", "restart"])
    faults[fault] += 1
    if fault == "cut":
        cable.cut()
    elif fault == "restart":
        broker.restart(random.choice([0, 1, 3]))
    elif fault == "silence":
        cable.silent = True
        time.sleep(13)               # twice keepalive_s, and then some
        cable.silent = False
    else:
        flawd.send_signal(signal.SIGKILL)
        flawd.wait()
        wait("the will", lambda: any(status.get("detail") == "connection lost" for status in gateway.statuses()), 30)
        flawd = daemon()
sender.join()
seqs = lambda: {json.loads(payload)["seq"] for _, payload in gateway.events()}
wait("an idle journal", lambda: (before := len(rows())) and not time.sleep(1) and len(rows()) == before)
wait("the last event", lambda: len(seqs()) >= len(rows()), 180)
# What is committed in the last moment is still sent.
publish(range(FRAMES, FRAMES + 200), pause=0)
wait("the last frames", lambda: len(rows()) > len(seqs()) or len(seqs()) >= CAMERAS * (FRAMES + 100), 30)
flawd.send_signal(signal.SIGTERM)
code = flawd.wait()
kept = rows()
wait("the rest", lambda: len(seqs()) >= len(kept), 10)

first, again, bad = {}, 0, 0
for topic, payload in gateway.events():
    seq = json.loads(payload)["seq"]
    again += seq in first
    first.setdefault(seq, (topic, payload))
levels = lambda camera: camera.replace("+", "%2B").replace("#", "%23")
bad = sum(first.get(seq) != (f"flawd/press4/{levels(camera)}/{kind}", text.encode()) for seq, camera, kind, text in kept)
in_order = list(first) == sorted(first)
wait("the farewell", lambda: gateway.statuses() and gateway.statuses()[-1]["state"] == "offline", 10)

# What the broker keeps for whoever comes later.
retained = {}
later = paho.Client(paho.CallbackAPIVersion.VERSION2)
later.username_pw_set("plc", "of the gateway")
later.tls_set(ca_certs=folder / "ca.pem")
later.on_connect = lambda client, *_: client.subscribe("flawd/press4/#", qos=1)
later.on_message = lambda _client, _data, message: retained.__setitem__(message.topic, json.loads(message.payload))
later.connect("localhost", broker.port)
later.loop_start()
last = {}
for seq, camera, kind, text in kept:
    if kind == "verdict":
        last[f"flawd/press4/{levels(camera)}/state"] = (seq, json.loads(text)["verdict"], json.loads(text)["part_id"])
wait("what is retained", lambda: len(retained) >= CAMERAS + 1, 10)
states = {topic: (value["seq"], value["verdict"], value["part_id"]) for topic, value in retained.items() if topic.endswith("/state")}
status = retained["flawd/press4/status"]
broker.process.terminate()

print(f"{len(kept)} rows, {len(first)} seen, {again} seen again, {bad} lost or different, in order: {in_order}, daemon's exit code {code}, {time.monotonic() - begun:.0f} s")
print(f"faults: {dict(faults)}; retained: {len(states)} states, flawd {status['state']} ({status['detail']})")
print(f"live at {len(live) / 6:.0f} a second: by MQTT {latencies(live)}; by ZeroMQ {latencies(direct)}")
if bad or not in_order or len(first) != len(kept) or code != 0 or states != last or status["state"] != "offline" or status["detail"] != "stopped":
    sys.exit(1)
