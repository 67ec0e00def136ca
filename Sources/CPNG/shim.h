// libpng's simplified interface, which reports errors by return value and never jumps.
#pragma once
#include <png.h>

// Function-like and cast macros, which Swift does not import.
static inline png_uint_32 flawd_png_version(void) { return PNG_IMAGE_VERSION; }
static inline png_uint_32 flawd_png_gray(void) { return PNG_FORMAT_GRAY; }
static inline int flawd_png_failed(const png_image *image) { return PNG_IMAGE_FAILED(*image); }
static inline png_uint_32 flawd_png_rgb(void) { return PNG_FORMAT_RGB; }
static inline png_uint_32 flawd_png_16bit_srgb(void) { return PNG_IMAGE_FLAG_16BIT_sRGB; }
