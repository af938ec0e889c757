/* The reader of an index of terms: whatever the bytes, it says what is wrong or answers; a filter
 * that it takes answers for every term without reading outside of it. Checksums are made right
 * first, or no damage would get beyond them. */
// link: base
#include <stdlib.h>

#include "terms/terms_priv.h"

static void put_u32(char *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (char)(v >> (8 * i) & 0xFF);
}

/* The checksums of columns that lie inside. */
static void mend_columns(char *bytes, size_t n, size_t dir, size_t groups)
{
    size_t at = TERMS_HEAD_BYTES + groups * 4, end = TERMS_HEAD_BYTES + dir;
    while (at + TERMS_COLUMN_BYTES <= end) {
        uint64_t from = terms_u32(bytes + at) | (uint64_t)terms_u32(bytes + at + 4) << 32;
        uint32_t len = terms_u32(bytes + at + 8);
        if (from >= end && from <= n && len <= n - from)
            put_u32(bytes + at + 12, crc32_more(0, (struct str){bytes + from, len}));
        at += TERMS_COLUMN_BYTES + (unsigned char)bytes[at + 16] +
              ((size_t)(unsigned char)bytes[at + 17] << 8);
    }
}

static void mend(char *bytes, size_t n)
{
    if (n < TERMS_HEAD_BYTES)
        return;
    size_t dir = terms_u32(bytes + 20), groups = terms_u32(bytes + 12);
    if (dir > n - TERMS_HEAD_BYTES || groups > dir / 4)
        return;
    mend_columns(bytes, n, dir, groups);
    uint32_t crc = crc32_more(0, (struct str){bytes, TERMS_HEAD_BYTES - 4});
    put_u32(bytes + 24, crc32_more(crc, (struct str){bytes + TERMS_HEAD_BYTES, dir}));
}

static void ask(const struct terms_filters *x, size_t groups)
{
    for (size_t g = 0; g < groups && g < 64; g++)
        for (uint64_t h = 1; h < 50; h++)
            CHECK(terms_filters_may_hold(x, g, h * UINT64_C(0x9E3779B97F4A7C15)) ||
                  !terms_filters_shared(x, g));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 16)
        return 0;
    char *bytes = malloc(size + 1);
    memcpy(bytes, data, size);
    mend(bytes, size);
    struct err e = {0};
    struct terms_file *f = terms_file_of((struct str){bytes, size}, &e);
    CHECK((f == NULL) == (e.code != ERR_OK));
    for (size_t i = 0; f != NULL && i < 16; i++) {
        char name[2] = {(char)('a' + i), '\0'};
        size_t col;
        if (i == 15 ? !terms_file_shared(f, &col) : !terms_file_column(f, str_from(name), &col))
            continue;
        struct terms_filters *x = terms_filters_load(f, col, &e);
        if (x != NULL)
            ask(x, terms_file_groups(f));
        terms_filters_free(x);
    }
    terms_file_close(f);
    free(bytes);
    return 0;
}
