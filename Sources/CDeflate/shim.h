// The CRC-32 of zlib and MCAP, at the speed of memory.
#pragma once
#include <libdeflate.h>
