// libzmq's C interface. Option names are macros of plain integers, which Swift imports as they are.
#pragma once
#include <zmq.h>
