// What Swift has no word for: asking for a line of memory before it is needed.
#pragma once

/// Brings the line that holds `address` towards the second-level cache; any address is allowed.
static inline __attribute__((always_inline)) void flawd_prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }
