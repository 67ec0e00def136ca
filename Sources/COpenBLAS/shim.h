// OpenBLAS's C interface. Nothing is wrapped: Swift calls `cblas_*` directly.
#pragma once
#include <cblas.h>
