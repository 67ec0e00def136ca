#!/usr/bin/env python3
"""A camera by OpenCV and pyzmq alone, in flawd's native form: camera_opencv.py [CAMERA [SOURCE]]

SOURCE is a number, a file or an address such as rtsp://…; in flawd.yaml: subscribe: {bind: "tcp://127.0.0.1:5555"}, so that many cameras can connect.
"""
import json, sys, time, zlib
import cv2, zmq
name, source = sys.argv[1] if len(sys.argv) > 1 else "line1/top", sys.argv[2] if len(sys.argv) > 2 else 0
video, socket, sequence = cv2.VideoCapture(source), zmq.Context.instance().socket(zmq.PUB), 0
socket.connect("tcp://127.0.0.1:5555")
time.sleep(1)  # PUB drops what it sends before the connection is there
while True:
    ok, picture = video.read()
    if not ok: break
    jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    header = {"schema_version": 1, "camera": name, "stream": "color", "sequence": sequence, "captured_monotonic_ns": time.monotonic_ns(),
              "captured_utc_ns": time.time_ns(), "width": picture.shape[1], "height": picture.shape[0], "pixel_format": "bgr8", "codec": "jpeg",
              "payload_size": len(jpeg), "payload_crc32": zlib.crc32(jpeg), "part_id": f"part {sequence}"}  # the last two are optional
    socket.send_multipart([f"{name}/color".encode(), json.dumps(header).encode(), jpeg])
    sequence += 1    # counted before anything can be lost: flawd reports what is missing
    time.sleep(0.1)  # yours: wait for the trigger instead
