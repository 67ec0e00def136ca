#include "CJPEG.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

enum { first_capacity = 64 * 1024, rows_at_once = 16 };

struct flawd_jpeg_encoder {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr destination;
    jmp_buf escape;
    uint8_t *buffer;
    size_t capacity;
    char message[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr jpeg) {
    flawd_jpeg_encoder *encoder = jpeg->client_data;
    jpeg->err->format_message(jpeg, encoder->message);
    longjmp(encoder->escape, 1);
}

static void output_nothing(j_common_ptr jpeg) { (void)jpeg; }

static void ignore_message(j_common_ptr jpeg, int level) {
    (void)jpeg;
    (void)level;
}

// libjpeg's own memory destination gives its buffer up at each growth and forgets its size after each picture; this
// one keeps both, so that after the first pictures nothing is allocated.
static boolean grow(flawd_jpeg_encoder *encoder, size_t used) {
    size_t capacity = encoder->capacity == 0 ? first_capacity : encoder->capacity * 2;
    uint8_t *buffer = capacity > encoder->capacity ? realloc(encoder->buffer, capacity) : NULL;
    if (buffer == NULL) ERREXIT1(&encoder->jpeg, JERR_OUT_OF_MEMORY, 0);
    encoder->buffer = buffer;
    encoder->capacity = capacity;
    encoder->destination.next_output_byte = buffer + used;
    encoder->destination.free_in_buffer = capacity - used;
    return TRUE;
}

static void init_destination(j_compress_ptr jpeg) {
    flawd_jpeg_encoder *encoder = jpeg->client_data;
    if (encoder->capacity == 0) grow(encoder, 0);
    encoder->destination.next_output_byte = encoder->buffer;
    encoder->destination.free_in_buffer = encoder->capacity;
}

// Called when the buffer is full to its last byte; the two fields are stale then, by libjpeg's rules.
static boolean empty_output_buffer(j_compress_ptr jpeg) {
    flawd_jpeg_encoder *encoder = jpeg->client_data;
    return grow(encoder, encoder->capacity);
}

static void term_destination(j_compress_ptr jpeg) { (void)jpeg; }

flawd_jpeg_encoder *flawd_jpeg_encoder_create(void) {
    flawd_jpeg_encoder *encoder = calloc(1, sizeof(flawd_jpeg_encoder));
    if (encoder == NULL) return NULL;
    encoder->jpeg.client_data = encoder;
    encoder->jpeg.err = jpeg_std_error(&encoder->errors);
    encoder->errors.error_exit = fail;
    encoder->errors.emit_message = ignore_message;
    encoder->errors.output_message = output_nothing;
    if (setjmp(encoder->escape)) {
        flawd_jpeg_encoder_destroy(encoder);
        return NULL;
    }
    jpeg_create_compress(&encoder->jpeg);
    encoder->destination.init_destination = init_destination;
    encoder->destination.empty_output_buffer = empty_output_buffer;
    encoder->destination.term_destination = term_destination;
    encoder->jpeg.dest = &encoder->destination;
    return encoder;
}

void flawd_jpeg_encoder_destroy(flawd_jpeg_encoder *encoder) {
    if (encoder == NULL) return;
    jpeg_destroy_compress(&encoder->jpeg);
    free(encoder->buffer);
    free(encoder);
}

const char *flawd_jpeg_encoder_message(const flawd_jpeg_encoder *encoder) { return encoder->message; }

flawd_jpeg_code flawd_jpeg_encoder_encode(
    flawd_jpeg_encoder *encoder, const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int quality,
    int full_chroma, const uint8_t **output, size_t *output_size) {
    encoder->message[0] = 0;
    if (channels != 1 && channels != 3) {
        snprintf(encoder->message, sizeof encoder->message, "%d channels; 1 or 3 can be written", channels);
        return FLAWD_JPEG_MISUSE;
    }
    j_compress_ptr jpeg = &encoder->jpeg;
    if (setjmp(encoder->escape)) {
        jpeg_abort_compress(jpeg);
        return encoder->errors.msg_code == JERR_OUT_OF_MEMORY ? FLAWD_JPEG_OUT_OF_MEMORY : FLAWD_JPEG_UNSUPPORTED;
    }
    jpeg->image_width = width;
    jpeg->image_height = height;
    jpeg->input_components = channels;
    jpeg->in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(jpeg);
    jpeg_set_quality(jpeg, quality, TRUE);
    if (channels == 3 && full_chroma) {
        jpeg->comp_info[0].h_samp_factor = 1;
        jpeg->comp_info[0].v_samp_factor = 1;
    }
    jpeg_start_compress(jpeg, TRUE);
    size_t stride = (size_t)width * (size_t)channels;
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW rows[rows_at_once];
        JDIMENSION count = jpeg->image_height - jpeg->next_scanline;
        if (count > rows_at_once) count = rows_at_once;
        // libjpeg's interface predates const; it only reads these rows.
        for (JDIMENSION i = 0; i < count; i++) rows[i] = (uint8_t *)pixels + stride * (jpeg->next_scanline + i);
        jpeg_write_scanlines(jpeg, rows, count);
    }
    jpeg_finish_compress(jpeg);
    *output = encoder->buffer;
    *output_size = encoder->capacity - encoder->destination.free_in_buffer;
    return FLAWD_JPEG_OK;
}
