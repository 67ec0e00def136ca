#!/usr/bin/env python3
"""A PLC gateway by MQTT: gateway_mqtt.py HOST LINE  (needs paho-mqtt alone); in flawd.yaml: mqtt: {broker: "mqtt://HOST", line: LINE}"""
import json, sys
import paho.mqtt.client as mqtt
host, line = sys.argv[1:3]
last = {}  # the last event of each journal: at QoS 1 an event may come again, with the same epoch and seq
def on_connect(client, *_):
    client.subscribe([(f"flawd/{line}/+/+/verdict", 1), (f"flawd/{line}/status", 1)])  # a camera named line1/top is two levels
def on_message(client, _, message):
    event = json.loads(message.payload)
    if event["type"] == "line_status":
        print("flawd is", event["state"], flush=True)  # yours: offline means that nothing is inspected; stop, or divert everything
    elif event["seq"] > last.get(event["epoch"], 0):
        last[event["epoch"]] = event["seq"]
        reject = event["verdict"] != "pass"  # review and uninspected are no passes
        print(event["seq"], event["camera"], event.get("part_id"), "reject" if reject else "pass", flush=True)  # yours: write it to the PLC
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"gateway-{line}", clean_session=False)  # the broker keeps what comes while we are away
client.on_connect, client.on_message = on_connect, on_message
client.connect(host)
client.loop_forever()
