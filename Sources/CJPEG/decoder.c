#include "CJPEG.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// Hardware encoders pad their output to a block; more than this is not padding.
enum { max_zero_padding = 4096, rows_at_once = 16 };

struct flawd_jpeg_decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    bool open;
    flawd_jpeg_code code;
    int max_scans;
    // One bit per component that some scan has carried.
    unsigned components_seen;
    char message[JMSG_LENGTH_MAX];
};

static flawd_jpeg_code code_of(int message) {
    switch (message) {
    case JERR_OUT_OF_MEMORY:
    case JERR_NO_BACKING_STORE:
        return FLAWD_JPEG_OUT_OF_MEMORY;
    case JERR_NO_SOI:
        return FLAWD_JPEG_NOT_JPEG;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_COMPONENT_COUNT:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_SOF_UNSUPPORTED:
        return FLAWD_JPEG_UNSUPPORTED;
    default:
        return FLAWD_JPEG_CORRUPT;
    }
}

static void fail(j_common_ptr jpeg) {
    flawd_jpeg_decoder *decoder = jpeg->client_data;
    jpeg->err->format_message(jpeg, decoder->message);
    if (jpeg->err->msg_code == JERR_NO_BACKING_STORE) {
        snprintf(decoder->message, sizeof decoder->message, "the scans need more memory than the limit allows");
    }
    decoder->code = code_of(jpeg->err->msg_code);
    longjmp(decoder->escape, 1);
}

// Level -1 is a warning: libjpeg would go on and invent pixels. Other levels are traces.
static void emit_message(j_common_ptr jpeg, int level) {
    if (level < 0) fail(jpeg);
}

static void output_nothing(j_common_ptr jpeg) { (void)jpeg; }

// Called at least once in every scan while the scans of a picture are collected.
static void watch_scans(j_common_ptr common) {
    j_decompress_ptr jpeg = (j_decompress_ptr)common;
    flawd_jpeg_decoder *decoder = jpeg->client_data;
    if (jpeg->input_scan_number > decoder->max_scans) {
        snprintf(decoder->message, sizeof decoder->message, "more than %d scans", decoder->max_scans);
        decoder->code = FLAWD_JPEG_TOO_MANY_SCANS;
        longjmp(decoder->escape, 1);
    }
    for (int i = 0; i < jpeg->comps_in_scan; i++) {
        decoder->components_seen |= 1u << jpeg->cur_comp_info[i]->component_index;
    }
}

static flawd_jpeg_code refuse(flawd_jpeg_decoder *decoder, flawd_jpeg_code code, const char *why) {
    snprintf(decoder->message, sizeof decoder->message, "%s", why);
    return code;
}

flawd_jpeg_decoder *flawd_jpeg_decoder_create(void) {
    return calloc(1, sizeof(flawd_jpeg_decoder));
}

void flawd_jpeg_decoder_destroy(flawd_jpeg_decoder *decoder) {
    if (decoder == NULL) return;
    flawd_jpeg_decoder_end(decoder);
    free(decoder);
}

const char *flawd_jpeg_decoder_message(const flawd_jpeg_decoder *decoder) { return decoder->message; }

void flawd_jpeg_decoder_end(flawd_jpeg_decoder *decoder) {
    if (!decoder->open) return;
    decoder->open = false;
    jpeg_destroy_decompress(&decoder->jpeg);
}

static flawd_jpeg_code check_header(flawd_jpeg_decoder *decoder) {
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    // libjpeg may have been built with or without it; no camera writes it. One answer everywhere is better.
    if (jpeg->arith_code) return refuse(decoder, FLAWD_JPEG_UNSUPPORTED, "arithmetic coding");
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
    case JCS_YCbCr:
    case JCS_RGB:
        return FLAWD_JPEG_OK;
    case JCS_CMYK:
        return refuse(decoder, FLAWD_JPEG_UNSUPPORTED, "CMYK colour");
    case JCS_YCCK:
        return refuse(decoder, FLAWD_JPEG_UNSUPPORTED, "YCCK colour");
    default:
        snprintf(decoder->message, sizeof decoder->message, "%d components", jpeg->num_components);
        return FLAWD_JPEG_UNSUPPORTED;
    }
}

flawd_jpeg_code flawd_jpeg_decoder_begin(
    flawd_jpeg_decoder *decoder, const uint8_t *data, size_t size, flawd_jpeg_info *info) {
    // libjpeg's tables outlive a picture on purpose (abbreviated streams), so a frame without tables would be decoded
    // with the last frame's. A fresh object for each picture rules that out and costs a few small allocations.
    flawd_jpeg_decoder_end(decoder);
    memset(&decoder->jpeg, 0, sizeof decoder->jpeg);
    memset(&decoder->progress, 0, sizeof decoder->progress);
    decoder->message[0] = 0;
    decoder->components_seen = 0;
    decoder->jpeg.client_data = decoder;
    decoder->jpeg.err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = fail;
    decoder->errors.emit_message = emit_message;
    decoder->errors.output_message = output_nothing;

    if (size > INT32_MAX) return refuse(decoder, FLAWD_JPEG_CORRUPT, "more than 2 GiB");
    // libjpeg takes an object whose creation failed half-way back through destroy, so it counts as open from here.
    decoder->open = true;
    if (setjmp(decoder->escape)) {
        flawd_jpeg_decoder_end(decoder);
        return decoder->code;
    }
    jpeg_create_decompress(&decoder->jpeg);
    jpeg_mem_src(&decoder->jpeg, data, (unsigned long)size);
    jpeg_read_header(&decoder->jpeg, TRUE);

    flawd_jpeg_code code = check_header(decoder);
    if (code != FLAWD_JPEG_OK) {
        flawd_jpeg_decoder_end(decoder);
        return code;
    }
    info->width = decoder->jpeg.image_width;
    info->height = decoder->jpeg.image_height;
    info->components = decoder->jpeg.num_components;
    info->progressive = decoder->jpeg.progressive_mode;
    return FLAWD_JPEG_OK;
}

// libjpeg-turbo silently takes the standard's example tables where a sequential picture defines none; with tables of
// another encoder that is a picture of noise and no warning. A table that cannot be built is put in their place: it
// is an error when a scan uses it, and a later DHT marker overwrites it.
static void refuse_default_tables(j_decompress_ptr jpeg) {
    if (jpeg->progressive_mode) return;
    for (int i = 0; i < jpeg->comps_in_scan; i++) {
        int dc = jpeg->cur_comp_info[i]->dc_tbl_no, ac = jpeg->cur_comp_info[i]->ac_tbl_no;
        if (dc < 0 || dc >= NUM_HUFF_TBLS || jpeg->dc_huff_tbl_ptrs[dc] == NULL) {
            ERREXIT1(jpeg, JERR_NO_HUFF_TABLE, dc);
        }
        if (ac < 0 || ac >= NUM_HUFF_TBLS || jpeg->ac_huff_tbl_ptrs[ac] == NULL) {
            ERREXIT1(jpeg, JERR_NO_HUFF_TABLE, ac + 0x10);
        }
    }
    for (int i = 0; i < NUM_HUFF_TBLS; i++) {
        JHUFF_TBL **slots[] = { &jpeg->dc_huff_tbl_ptrs[i], &jpeg->ac_huff_tbl_ptrs[i] };
        for (int k = 0; k < 2; k++) {
            if (*slots[k] != NULL) continue;
            JHUFF_TBL *table = jpeg_alloc_huff_table((j_common_ptr)jpeg);
            memset(table, 0, sizeof *table);
            table->bits[1] = 3; // three codes of one bit each
            *slots[k] = table;
        }
    }
}

// A picture whose scans stop early decodes to something smooth without a warning: every component, and every
// coefficient of a progressive picture, must have been sent in full.
static flawd_jpeg_code check_complete(flawd_jpeg_decoder *decoder) {
    const struct jpeg_decompress_struct *jpeg = &decoder->jpeg;
    if (!jpeg_has_multiple_scans(&decoder->jpeg)) return FLAWD_JPEG_OK;
    for (int c = 0; c < jpeg->num_components; c++) {
        bool complete = (decoder->components_seen >> c) & 1;
        for (int k = 0; complete && jpeg->progressive_mode && k < DCTSIZE2; k++) {
            complete = jpeg->coef_bits[c][k] == 0;
        }
        if (!complete) {
            snprintf(decoder->message, sizeof decoder->message, "the scans of component %d are incomplete", c + 1);
            return FLAWD_JPEG_CORRUPT;
        }
    }
    return FLAWD_JPEG_OK;
}

static flawd_jpeg_code check_rest(flawd_jpeg_decoder *decoder, const uint8_t *rest, size_t size) {
    size_t zeros = 0;
    while (zeros < size && zeros <= max_zero_padding && rest[zeros] == 0) zeros++;
    if (zeros == size && size <= max_zero_padding) return FLAWD_JPEG_OK;
    bool second = size - zeros >= 2 && rest[zeros] == 0xFF && rest[zeros + 1] == 0xD8;
    snprintf(
        decoder->message, sizeof decoder->message, "%zu bytes follow the end of the picture%s", size,
        second ? " (a second picture)" : "");
    return FLAWD_JPEG_TRAILING_DATA;
}

flawd_jpeg_code flawd_jpeg_decoder_finish(
    flawd_jpeg_decoder *decoder, uint8_t *rgb, size_t capacity, int max_scans, size_t max_coefficient_bytes) {
    if (!decoder->open) return refuse(decoder, FLAWD_JPEG_MISUSE, "no picture was begun");
    j_decompress_ptr jpeg = &decoder->jpeg;
    size_t stride = (size_t)jpeg->image_width * 3;
    if (capacity != stride * jpeg->image_height) {
        flawd_jpeg_decoder_end(decoder);
        return refuse(decoder, FLAWD_JPEG_MISUSE, "the buffer does not fit the picture");
    }

    if (setjmp(decoder->escape)) {
        flawd_jpeg_decoder_end(decoder);
        return decoder->code;
    }
    jpeg->out_color_space = JCS_RGB;
    jpeg->do_block_smoothing = FALSE;
    jpeg->mem->max_memory_to_use = (long)max_coefficient_bytes;
    decoder->max_scans = max_scans;
    decoder->progress.progress_monitor = watch_scans;
    jpeg->progress = &decoder->progress;
    refuse_default_tables(jpeg);
    jpeg_start_decompress(jpeg);

    flawd_jpeg_code code = check_complete(decoder);
    if (code == FLAWD_JPEG_OK) {
        while (jpeg->output_scanline < jpeg->output_height) {
            JSAMPROW rows[rows_at_once];
            JDIMENSION count = jpeg->output_height - jpeg->output_scanline;
            if (count > rows_at_once) count = rows_at_once;
            for (JDIMENSION i = 0; i < count; i++) rows[i] = rgb + stride * (jpeg->output_scanline + i);
            // Memory never suspends: no rows would mean an endless loop.
            if (jpeg_read_scanlines(jpeg, rows, count) == 0) ERREXIT(jpeg, JERR_CANT_SUSPEND);
        }
        // Reads on to the end-of-image marker, so a missing one is found here.
        const struct jpeg_source_mgr *source = jpeg->src;
        jpeg_finish_decompress(jpeg);
        code = check_rest(decoder, source->next_input_byte, source->bytes_in_buffer);
    }
    flawd_jpeg_decoder_end(decoder);
    return code;
}
