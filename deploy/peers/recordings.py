"""Recordings between flawd and the published Python packages `mcap`, `mcap-protobuf-support` and `foxglove-schemas-protobuf`.

    pip install mcap mcap-protobuf-support foxglove-schemas-protobuf lz4 zstandard pyzmq
    recordings.py read FILE.mcap...     what they find in flawd's files: topics, schemas, counts, pictures that are whole
    recordings.py write FOLDER FILE.mcap none|lz4|zstd    a recording of theirs from a folder of JPEG files, for `flawd replay`
"""
import json
import pathlib
import sys

import mcap.writer
from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage
from google.protobuf.timestamp_pb2 import Timestamp
from mcap.reader import make_reader
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


if __name__ == "__main__":
    if sys.argv[1] == "read":
        for name in sys.argv[2:]:
            read(name)
    else:
        write(*sys.argv[2:5])
