#!/usr/bin/env python3
"""A camera by way of camera-stream: camera_camerastream.py [CAMERA [SOURCE]]  (needs camera-stream and OpenCV)

camera-stream's server gathers cameras and publishes them: camera-stream server --config server.yaml, with
  endpoints: {stream_pub: "tcp://127.0.0.1:5555", ingest_api: "tcp://127.0.0.1:5557"}
In flawd.yaml: subscribe: {connect: "tcp://127.0.0.1:5555"}. Cameras of the server's own machine need no program, only its `cameras:`.
"""
import sys
import time
import cv2
from camera_stream import StreamPublisher
name, source = sys.argv[1] if len(sys.argv) > 1 else "top", sys.argv[2] if len(sys.argv) > 2 else 0
video = cv2.VideoCapture(source)
with StreamPublisher("tcp://127.0.0.1:5557") as publisher:
    stream = publisher.open_stream(camera=name, jpeg_quality=90)
    while True:
        ok, picture = video.read()
        if not ok: break
        stream.publish(picture)  # only the latest picture is kept while the server is slow: flawd reports the others as missing
        time.sleep(0.1)          # yours: wait for the trigger instead
