// libjpeg behind flat functions that return a code.
//
// libjpeg reports errors by calling a function that must not return; the usual way out is longjmp, which must never
// cross a Swift frame. Everything that can jump, and all of libjpeg's state, therefore stays inside CJPEG.c.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    FLAWD_JPEG_OK = 0,
    // An error, or any warning at all: the text is libjpeg's own.
    FLAWD_JPEG_CORRUPT,
    FLAWD_JPEG_UNSUPPORTED,
    FLAWD_JPEG_NOT_JPEG,
    FLAWD_JPEG_TOO_MANY_SCANS,
    // Bytes other than a little zero padding follow the end of the picture.
    FLAWD_JPEG_TRAILING_DATA,
    FLAWD_JPEG_OUT_OF_MEMORY,
    // The caller's mistake: wrong order of calls or a buffer of the wrong size.
    FLAWD_JPEG_MISUSE,
} flawd_jpeg_code;

typedef struct {
    uint32_t width;
    uint32_t height;
    int components;
    int progressive;
} flawd_jpeg_info;

// ---- Decoding. One object per thread, reused for every picture. --------------------------------------------------

typedef struct flawd_jpeg_decoder flawd_jpeg_decoder;

// NULL when memory is exhausted.
flawd_jpeg_decoder *flawd_jpeg_decoder_create(void);
void flawd_jpeg_decoder_destroy(flawd_jpeg_decoder *decoder);

// What went wrong in the last call that did not return OK; owned by the decoder.
const char *flawd_jpeg_decoder_message(const flawd_jpeg_decoder *decoder);

// Reads the markers up to the first scan and allocates nothing that grows with the picture. `data` must stay valid
// until flawd_jpeg_decoder_end. Grayscale, YCbCr and RGB of 8 bits are accepted; all else is refused here.
flawd_jpeg_code flawd_jpeg_decoder_begin(
    flawd_jpeg_decoder *decoder, const uint8_t *data, size_t size, flawd_jpeg_info *info);

// Decodes the picture begun into packed RGB rows. `capacity` must be exactly width * height * 3. Pictures of several
// scans are refused after `max_scans` of them, and make libjpeg keep at most `max_coefficient_bytes`.
flawd_jpeg_code flawd_jpeg_decoder_finish(
    flawd_jpeg_decoder *decoder, uint8_t *rgb, size_t capacity, int max_scans, size_t max_coefficient_bytes);

// Frees what libjpeg holds for the picture begun; allowed at any time.
void flawd_jpeg_decoder_end(flawd_jpeg_decoder *decoder);

// ---- Encoding. One object per thread; its output buffer grows to the largest picture and is reused. ----------------

typedef struct flawd_jpeg_encoder flawd_jpeg_encoder;

flawd_jpeg_encoder *flawd_jpeg_encoder_create(void);
void flawd_jpeg_encoder_destroy(flawd_jpeg_encoder *encoder);
const char *flawd_jpeg_encoder_message(const flawd_jpeg_encoder *encoder);

// Encodes packed rows of `channels` 1 (gray) or 3 (RGB). `*output` belongs to the encoder and is valid until the next
// call. With `full_chroma` colour keeps the luminance's resolution, else it is halved both ways.
flawd_jpeg_code flawd_jpeg_encoder_encode(
    flawd_jpeg_encoder *encoder, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality,
    int full_chroma, const uint8_t **output, size_t *output_size);

#ifdef __cplusplus
}
#endif
