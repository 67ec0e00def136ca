// Zstandard's frames, which MCAP's "zstd" chunks are.
#pragma once
#include <zstd.h>
