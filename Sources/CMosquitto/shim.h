// libmosquitto's C interface, and MQTT 5's reason codes.
#pragma once
#include <mosquitto.h>
#include <mqtt_protocol.h>
