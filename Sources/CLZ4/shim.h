// LZ4's frame format, which MCAP's "lz4" chunks are.
#pragma once
#include <lz4frame.h>
