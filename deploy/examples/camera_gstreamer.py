#!/usr/bin/env python3
"""A camera by GStreamer, whatever source it has: a pipeline's JPEGs come in by the pipe and go out bare, as camera and JPEG (needs pyzmq alone)

  gst-launch-1.0 -q v4l2src ! video/x-raw,framerate=10/1 ! videoconvert ! jpegenc ! multipartmux ! fdsink | camera_gstreamer.py line1/top
In flawd.yaml: subscribe: {bind: "tcp://127.0.0.1:5555"}. With aravissrc in place of v4l2src it is a GigE Vision camera.
"""
import sys, time, zmq
socket = zmq.Context.instance().socket(zmq.PUB)
socket.connect("tcp://127.0.0.1:5555")
time.sleep(1)  # PUB drops what it sends before the connection is there
size = 0
for line in iter(sys.stdin.buffer.readline, b""):
    if line.lower().startswith(b"content-length:"): size = int(line.split(b":")[1])
    elif line == b"\r\n" and size:  # the end of the part's header
        socket.send_multipart([sys.argv[1].encode(), sys.stdin.buffer.read(size)])
        size = 0
