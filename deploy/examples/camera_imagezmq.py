#!/usr/bin/env python3
"""A camera by imagezmq: camera_imagezmq.py [CAMERA [SOURCE]]  (needs imagezmq and OpenCV)

In flawd.yaml: subscribe: {connect: "tcp://127.0.0.1:5555"}. The form has no count of its own: flawd cannot tell that a picture is missing.
"""
import sys
import time
import cv2
import imagezmq
name, source = sys.argv[1] if len(sys.argv) > 1 else "line1/top", sys.argv[2] if len(sys.argv) > 2 else 0
video = cv2.VideoCapture(source)
sender = imagezmq.ImageSender(connect_to="tcp://127.0.0.1:5555", REQ_REP=False)  # PUB, which binds; flawd does not answer as REQ would want
while True:
    ok, picture = video.read()
    if not ok: break
    sender.send_jpg(name, cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])  # or send_image(name, picture), without a loss
    time.sleep(0.1)  # yours: wait for the trigger instead
