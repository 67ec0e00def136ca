"""CURVE between flawd and pyzmq: cameras and gateways with keys on both sides, and those without.

    pip install pyzmq
    security.py PATH/TO/flawd     exit code 0: who is allowed was served, and nobody else was
"""
import json
import pathlib
import signal
import socket as tcp
import subprocess
import sys
import tempfile
import time

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

program = pathlib.Path(sys.argv[1]).resolve()
folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))


def flawd(*arguments):
    return subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout.strip()


def port():
    with tcp.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# Everybody's keys: flawd's by flawd, the others' by pyzmq; each reads the other's files.
server = flawd("keygen", "--output", folder / "flawd.key").encode()
assert zmq.auth.load_certificate(folder / "flawd.key")[0] == server
keys = {name: zmq.auth.load_certificate(zmq.auth.create_certificates(folder, name)[1]) for name in ["dialling", "listening", "gateway", "stranger"]}
flawd("keys", "add", "dialling", "--file", folder / "dialling.key", "--for", "publish", "--list", folder / "allowed-keys")
flawd("keys", "add", "gateway", "--file", folder / "gateway.key", "--for", "subscribe", "--list", folder / "allowed-keys")
intake, output, catch_up, listening = (f"tcp://127.0.0.1:{port()}" for _ in range(4))
(folder / "regions.yaml").write_text("version: 1\ncameras:\n  none: {regions: [{name: a, shape: {frame: true}}]}\n")
(folder / "flawd.yaml").write_text(json.dumps({
    "version": 1, "regions": "regions.yaml", "journal": {"path": "journal.sqlite"}, "security": {"secret_key": "flawd.key", "allowed_keys": "allowed-keys"},
    "subscribe": {"bind": intake, "connect": {"address": listening, "server_key": keys["listening"][0].decode()}},
    "publish": {"bind": output, "catch_up": catch_up}}))

context = zmq.Context.instance()


def client(kind, name, address):
    """The three lines that a pyzmq program needs are the first three; without a name it has no key."""
    socket = context.socket(kind)
    if name:
        socket.curve_publickey, socket.curve_secretkey = keys[name]
        socket.curve_serverkey = server
    socket.linger, socket.rcvtimeo = 0, 10_000
    if kind == zmq.SUB:
        socket.subscribe(b"")
    socket.connect(address)
    return socket


# A camera that listens: it is the server, and admits flawd's key alone.
admission = ThreadAuthenticator(context)
admission.start()
(folder / "admitted").mkdir()
(folder / "admitted" / "flawd.key").write_text(f'curve\n    public-key = "{server.decode()}"\n')
admission.configure_curve(domain="cameras", location=str(folder / "admitted"))
camera = context.socket(zmq.PUB)
camera.curve_publickey, camera.curve_secretkey = keys["listening"]
camera.curve_server = True
camera.zap_domain = b"cameras"
camera.bind(listening)

daemon = subprocess.Popen([program, "run", "--config", folder / "flawd.yaml"], stderr=subprocess.PIPE, text=True)
said = ""
for line in daemon.stderr:
    said += line
    if line.endswith("ready\n"):
        break
else:
    raise SystemExit(f"the daemon does not start: exit code {daemon.wait()}: {said[-2000:]}")
dialling = client(zmq.PUB, "dialling", intake)
intruders = [client(zmq.PUB, name, intake) for name in (None, "stranger", "gateway")]
gateway = client(zmq.SUB, "gateway", output)
eavesdroppers = [client(zmq.SUB, name, output) for name in (None, "stranger", "dialling")]


def publish(socket, camera, number):
    header = {"schema_version": 1, "camera": camera, "stream": "color", "sequence": number, "captured_monotonic_ns": 0, "captured_utc_ns": 0,
              "width": 4, "height": 4, "pixel_format": "bgr8", "codec": "raw_bgr8", "payload_size": 48}
    socket.send_multipart([f"{camera}/color".encode(), json.dumps(header).encode(), bytes(48)])


verdicts, denied, deadline, number = {"dialling": 0, "listening": 0}, [], time.monotonic() + 60, 0
while min(verdicts.values()) < 100 or len({word for text in denied for word in text.split() if len(word) > 39}) < 1:
    if time.monotonic() > deadline:
        raise SystemExit(f"not within a minute: {verdicts}, {denied}")
    publish(dialling, "dialling", number)
    publish(camera, "listening", number)
    for intruder in intruders:
        publish(intruder, "intruder", number)
    number += 1
    time.sleep(0.005)
    while gateway.poll(0):
        topic, body = gateway.recv_multipart()
        event = json.loads(body)
        if topic.endswith(b"/verdict"):
            verdicts[event["camera"]] += 1
        if event.get("condition") == "key_denied":
            denied.append(event["detail"])
for socket in eavesdroppers:
    assert not socket.poll(0), "an eavesdropper got a message"
asker = client(zmq.REQ, "gateway", catch_up)
asker.send_json({"since": 0})
head, *events = asker.recv_multipart()
assert json.loads(head)["type"] == "events" and events, head
nosy = client(zmq.REQ, "dialling", catch_up)
nosy.send_json({"since": 0})
assert not nosy.poll(2000), "catch-up answered a camera"

flawd("keys", "revoke", "gateway", "--list", folder / "allowed-keys")
replaced, deadline = False, time.monotonic() + 20
while not replaced and time.monotonic() < deadline:
    if gateway.poll(100):
        replaced = json.loads(gateway.recv_multipart()[1]).get("condition") == "keys_replaced"
assert replaced, "the connection that was there should stay, and tell"
again = client(zmq.SUB, "gateway", output)
assert not again.poll(3000), "a revoked key was let in"

watch = subprocess.run([program, "watch", "--connect", output, "--server-key", server, "--secret-key", folder / "listening.key_secret", "--timeout", "1"],
                       capture_output=True, text=True)
assert "chmod 600" in watch.stderr or (folder / "listening.key_secret").stat().st_mode & 0o077 == 0, watch.stderr
daemon.send_signal(signal.SIGTERM)
code = daemon.wait()
admission.stop()
print(f"verdicts {verdicts}, none of {number * len(intruders)} frames of intruders; refused: {len(denied)} told, such as: {denied[0]}; exit code {code}")
context.destroy(linger=0)
sys.exit(code)
