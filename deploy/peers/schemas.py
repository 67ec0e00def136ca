"""What flawd says of itself is true: every kind of event that a daemon publishes, and the example files, against flawd's JSON Schemas.

    pip install pyzmq jsonschema pyyaml
    schemas.py PATH/TO/flawd      exit code 0: everything is as the schemas say, and every kind of event was seen
"""
import collections
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import jsonschema
import yaml
import zmq

program = pathlib.Path(sys.argv[1]).resolve()
examples = pathlib.Path(__file__).parent.parent / "examples"


def schema(name):
    text = json.loads(subprocess.run([program, "check", "--schema", name], check=True, capture_output=True).stdout)
    jsonschema.Draft202012Validator.check_schema(text)
    return jsonschema.Draft202012Validator(text)


events, health, configuration, regions = schema("verdict"), schema("health"), schema("configuration"), schema("regions")
for validator, name in ((configuration, "flawd.yaml"), (regions, "regions.yaml")):
    validator.validate(yaml.safe_load((examples / name).read_text()))
wrong = yaml.safe_load((examples / "flawd.yaml").read_text()) | {"pipelin": {}}
if configuration.is_valid(wrong):
    sys.exit("the configuration's schema lets a misspelt key pass")

folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))
good = "version: 1\ncameras:\n  line/0: {regions: [{name: a, shape: {frame: true}, limits: {fail_score: 0.001, review_score: 0.0005, min_area_px: 1}}]}\n"
(folder / "regions.yaml").write_text(good)
(folder / "flawd.yaml").write_text(json.dumps({
    "version": 1, "regions": "regions.yaml", "journal": {"path": "journal.sqlite"},
    "subscribe": {"bind": f"ipc://{folder}/frames"}, "publish": {"bind": f"ipc://{folder}/verdicts"}}))
configuration.validate(json.loads((folder / "flawd.yaml").read_text()))

listener = zmq.Context.instance().socket(zmq.SUB)
listener.connect(f"ipc://{folder}/verdicts")
listener.subscribe(b"")
daemon = subprocess.Popen([program, "run", "--config", folder / "flawd.yaml"], stderr=subprocess.PIPE, text=True)
for line in daemon.stderr:
    if line.endswith("ready\n"):
        break
else:
    sys.exit(f"the daemon does not start: exit code {daemon.wait()}")

frames = zmq.Context.instance().socket(zmq.PUB)
frames.connect(f"ipc://{folder}/frames")
seen, wanted = collections.Counter(), {"pass or fail", "no_region", "decode_error", "missing", "heartbeat", "health", "station", "regions_replaced", "regions_refused"}


def publish(camera, number, payload, size):
    header = {"schema_version": 1, "camera": camera, "stream": "color", "sequence": number, "captured_monotonic_ns": 0, "captured_utc_ns": 0, "part_id": f"part {number}",
              "trigger": number, "width": size, "height": size, "pixel_format": "bgr8", "codec": "raw_bgr8", "payload_size": size * size * 3}
    frames.send_multipart([f"{camera}/color".encode(), json.dumps(header).encode(), payload])


def take(milliseconds):
    # Something comes every second, so silence is nothing to wait for.
    end = time.monotonic() + milliseconds / 1000
    while (left := end - time.monotonic()) > 0 and listener.poll(left * 1000):
        topic, *parts = listener.recv_multipart()
        event = json.loads(parts[0])
        errors = [f"{error.json_path}: {error.message}" for error in (health if topic == b"status/health" else events).iter_errors(event)]
        if errors:
            sys.exit(f"{topic.decode()} is not as its schema says: {errors}\n{parts[0].decode()}")
        kind = event.get("condition") or event.get("reason") or ("pass or fail" if event["type"] == "verdict" else event["type"])
        seen[kind] += 1
        if kind == "pass or fail" and event["regions"][0]["defects"]:
            seen["defects"] += 1


deadline, number = time.monotonic() + 120, 0
# A subscription takes a moment to be there, so everything is done again until it was seen.
while not wanted | {"defects"} <= set(seen):
    if time.monotonic() > deadline:
        sys.exit(f"not seen within two minutes: {(wanted | {'defects'}) - set(seen)}")
    picture = bytes((x * y * 7 + number * 31) % 256 for y in range(64) for x in range(64 * 3))
    publish("line/0", number, picture, 64)
    publish("line/1", number * 3, bytes(48), 4)              # nobody has a region for it, and its count has gaps
    frames.send_multipart([b"line/0", b"\xff\xd8 no picture"])
    (folder / "regions.yaml").write_text(good + "# \n" * (number + 1) if number % 2 else "version: 1\ncameras: 17\n")
    daemon.send_signal(signal.SIGHUP)
    number += 1
    take(700)
daemon.send_signal(signal.SIGTERM)
code = daemon.wait()
take(200)
print(f"{sum(seen.values())} events as their schema says: {', '.join(f'{kind} {count}' for kind, count in sorted(seen.items()))}; daemon's exit code {code}")
sys.exit(1 if code != 0 else 0)
