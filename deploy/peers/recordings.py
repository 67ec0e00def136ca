"""Recordings between flawd and the published Python packages `mcap`, `mcap-protobuf-support` and `foxglove-schemas-protobuf`.

    pip install mcap mcap-protobuf-support foxglove-schemas-protobuf lz4 zstandard pyzmq
    recordings.py read FILE.mcap...     what they find in flawd's files: topics, schemas, counts, pictures that are whole
    recordings.py write FOLDER FILE.mcap none|lz4|zstd    a recording of theirs from a folder of JPEG files, for `flawd replay`
    recordings.py try PATH/TO/flawd     records, kills, cuts and replays over sockets; exit code 0: nothing was lost that had to be there
"""
import json
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import mcap.writer
import zmq
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from google.protobuf.timestamp_pb2 import Timestamp
from mcap.exceptions import EndOfFile
from mcap.reader import NonSeekingReader, make_reader
from mcap_protobuf.decoder import DecoderFactory
from mcap_protobuf.writer import Writer


def read(path):
    with open(path, "rb") as file:
        reader = make_reader(file, validate_crcs=True)
        summary, header = reader.get_summary(), reader.get_header()
        counts, pictures, whole = {}, 0, 0
        for schema, channel, message, decoded in messages(path):
            counts[channel.topic] = counts.get(channel.topic, 0) + 1
            if schema and schema.name == "foxglove.CompressedImage":
                pictures += 1
                assert decoded.format == "jpeg" and decoded.timestamp.seconds > 0, decoded
                whole += decoded.data[:2] == b"\xff\xd8" and decoded.data[-2:] == b"\xff\xd9"
        stated = summary.statistics
        assert stated.message_count == sum(counts.values()), (stated, counts)
        print(f"{path}: {header.library}, {len(summary.chunk_indexes)} chunks, {counts}, {whole} of {pictures} JPEG pictures whole")
        for attachment in reader.iter_attachments():
            print(f"  attachment {attachment.name}, {attachment.media_type}, {len(attachment.data)} bytes")
        times = [m.log_time for _, _, m in make_reader(open(path, "rb")).iter_messages()]
        assert times == sorted(times)


def messages(path):
    """JSON beside protobuf: each decoded by what its channel says."""
    factory = DecoderFactory()
    with open(path, "rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages():
            if channel.message_encoding == "json":
                yield schema, channel, message, json.loads(message.data)
            else:
                yield schema, channel, message, factory.decoder_for("protobuf", schema)(message.data)


def write(folder, path, compression):
    kind = {"none": mcap.writer.CompressionType.NONE, "lz4": mcap.writer.CompressionType.LZ4, "zstd": mcap.writer.CompressionType.ZSTD}[compression]
    with open(path, "wb") as file, Writer(file, chunk_size=1 << 20, compression=kind) as writer:
        for index, picture in enumerate(sorted(pathlib.Path(folder).glob("*.jpg"))):
            time = 1_764_000_000_000_000_000 + index * 100_000_000
            stamp = Timestamp(seconds=time // 10**9, nanos=time % 10**9)
            image = CompressedImage(timestamp=stamp, frame_id="camera", data=picture.read_bytes(), format="jpeg")
            writer.write_message("/station/camera", image, log_time=time, publish_time=time, sequence=index)


CAMERAS, RATE = ("line/a", "line/b", "line/raw"), 100


def picture(number):
    return b"\xff\xd8" + b"picture " * 4000 + b"%d" % number + b"\xff\xd9"


def send(socket, number):
    """A frame of each camera; two are JPEG to whoever does not look inside, one is raw."""
    for camera in CAMERAS:
        payload, codec = (bytes([number % 256]) * 48, "raw_bgr8") if camera == "line/raw" else (picture(number), "jpeg")
        header = {"schema_version": 1, "camera": camera, "stream": "color", "sequence": number, "captured_monotonic_ns": 0, "captured_utc_ns": time.time_ns(),
                  "width": 4, "height": 4, "pixel_format": "bgr8", "codec": codec, "payload_size": len(payload), "part_id": f"p{number}"}
        socket.send_multipart([f"{camera}/color".encode(), json.dumps(header).encode(), payload])


def pictures(path, whole=True):
    """Pictures by topic that the published reader finds, in an unfinished file up to its end."""
    counts = {}
    with open(path, "rb") as file:
        reader = make_reader(file, validate_crcs=True) if whole else NonSeekingReader(file, validate_crcs=True)
        try:
            for _, channel, message in reader.iter_messages(log_time_order=whole):
                if channel.topic.endswith("/color"):
                    counts[channel.topic] = counts.get(channel.topic, 0) + 1
        except EndOfFile:
            assert not whole
    return counts


def replayed(program, path, *options, code=0, patience=3000):
    """What a subscriber gets of a replay, and how long it took."""
    folder = tempfile.mkdtemp(prefix="flawd-")
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.rcvhwm = 0
    socket.bind(f"ipc://{folder}/frames")
    socket.subscribe(b"")
    begun = time.monotonic()
    process = subprocess.Popen([program, "replay", path, "--connect", f"ipc://{folder}/frames", *options], stderr=subprocess.PIPE, text=True)
    got = []
    while process.poll() is None or socket.poll(patience):
        if socket.poll(100):
            topic, header, payload = socket.recv_multipart()
            got.append((topic.decode(), json.loads(header), payload))
            if "--loop" in options and len(got) > 500:
                process.send_signal(signal.SIGINT)
    took = time.monotonic() - begun
    error = process.stderr.read()
    assert process.returncode == code, (options, process.returncode, error)
    return got, took, error


def attempt(program):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="flawd-"))
    (folder / "regions.yaml").write_text("version: 1\ncameras:\n  c: {regions: [{name: a, shape: {frame: true}}]}\n")
    socket = zmq.Context.instance().socket(zmq.XPUB)
    socket.sndhwm = 0
    socket.bind(f"ipc://{folder}/frames")

    def record(name, *options):
        process = subprocess.Popen([program, "record", "--connect", f"ipc://{folder}/frames", "--folder", folder / name, "--reserve", "0", *options], stderr=subprocess.DEVNULL)
        # Its own subscription; that one before it went away is told here, too.
        while socket.poll(30_000) and socket.recv()[:1] != b"\x01":
            pass
        return process

    # Everything that was sent is there for the published reader, and comes back byte for byte.
    sent = 300
    process = record("whole", "--attach", folder / "regions.yaml")
    for number in range(sent):
        send(socket, number)
        time.sleep(1 / RATE)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait() == 0
    whole, = (folder / "whole").glob("*.mcap")
    read(whole)
    assert pictures(whole) == {f"{camera}/color": sent for camera in CAMERAS}, pictures(whole)
    with open(whole, "rb") as file:
        attachment, = make_reader(file).iter_attachments()
    assert attachment.data == (folder / "regions.yaml").read_bytes()
    raw = [decoded for schema, _, _, decoded in messages(whole) if schema and schema.name == "foxglove.RawImage"]
    assert len(raw) == sent and raw[7].encoding == "bgr8" and raw[7].data == bytes([7]) * 48 and (raw[7].width, raw[7].height) == (4, 4)
    got, took, _ = replayed(program, whole, "--speed", "0")
    assert len(got) == 3 * sent and all(payload == picture(header["sequence"]) for _, header, payload in got if header["camera"] == "line/a")
    assert [header["sequence"] for topic, header, _ in got if topic == "line/b/color"] == list(range(sent)) and got[5][1]["part_id"] == "p1"
    span = sent / RATE
    _, fast, _ = replayed(program, whole, "--speed", "4", patience=500)
    _, slow, _ = replayed(program, whole, patience=500)
    assert slow > 0.95 * span and fast < 0.75 * slow, (span, fast, slow)
    got, _, _ = replayed(program, whole, "--speed", "0", "--camera", "line/r", "--from", "1", "--to", "2")
    assert {topic for topic, _, _ in got} == {"line/raw/color"} and 0.5 * RATE < len(got) < 1.5 * RATE, len(got)
    got, _, _ = replayed(program, whole, "--speed", "0", "--loop", "--camera", "line/a")
    assert len(got) > 500
    print(f"{3 * sent} frames recorded, read by mcap and replayed byte for byte; {slow:.1f} s as they came, {fast:.1f} s four times as fast")

    # A file that was cut is read as far as it goes, and the exit code says so.
    cut = folder / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[:whole.stat().st_size // 2])
    got, _, error = replayed(program, cut, "--speed", "0", code=3)
    assert 0.3 * 3 * sent < len(got) < 0.6 * 3 * sent and str(cut) in error, (len(got), error)

    # kill -9: all but the last second is there, for both readers.
    for kill in range(5):
        process = record(f"killed{kill}")
        number, end = 0, time.monotonic() + 1.5 + kill * 0.37
        while time.monotonic() < end:
            send(socket, number)
            number += 1
            time.sleep(1 / RATE)
        process.kill()
        process.wait()
        file, = (folder / f"killed{kill}").glob("*.mcap")
        theirs = sum(pictures(file, whole=False).values())
        got, _, _ = replayed(program, file, "--speed", "0", code=3)
        assert len(got) == theirs and len(got) >= 3 * (number - 1.3 * RATE), (number, theirs, len(got))
        # Each camera's from the first on, without a gap.
        for camera in CAMERAS:
            numbers = [header["sequence"] for topic, header, _ in got if topic == f"{camera}/color"]
            assert numbers == list(range(len(numbers))) and len(numbers) >= len(got) // 3, (camera, numbers[:3], len(numbers))
        print(f"killed after {3 * number} frames: {len(got)} are there")


if __name__ == "__main__":
    if sys.argv[1] == "try":
        attempt(pathlib.Path(sys.argv[2]).resolve())
    elif sys.argv[1] == "read":
        for name in sys.argv[2:]:
            read(name)
    else:
        write(*sys.argv[2:5])
