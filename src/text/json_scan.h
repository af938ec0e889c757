/* The bytes of JSON text that end a run of plain string characters, found 64 at a time. What a bit
 * says depends on its byte alone, so that a scan may begin anywhere. */
#pragma once
#include "base/base.h"

enum { JSON_BLOCK = 64 };
struct json_bits { /* bit i tells of byte i of the block */
    uint64_t stop; /* a quote, a backslash or a control character */
    uint64_t high; /* 0x80 and above: part of a character that is not ASCII */
};
/* p: n_blocks * JSON_BLOCK bytes, at any address. */
typedef void json_scan_fn(const char *p, size_t n_blocks, struct json_bits *out);
struct json_scanner {
    const char *name;
    json_scan_fn *scan;
};
/* The one for this processor. */
json_scan_fn *json_scan_best(void);
/* All that this processor runs, the best one first; each gives the same bits. */
size_t json_scan_all(struct json_scanner *out, size_t most);
