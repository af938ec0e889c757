/* What the files of src/terms share. Numbers in files have their low byte first. */
#pragma once
#include "terms/terms.h"
#include "text/deflate.h"

/* ---- cut.c ---- */
struct terms_cutter {
    const char *p, *end;
    /* Numbers of at most three digits with a dot between each and the next: how many so far, the
     * last of them. */
    unsigned n_chain;
    struct {
        struct str text;
        uint64_t hash;
    } chain[4];
    bool whole; /* four of them, which are a term of their own, come next */
};
/* The next term's hash, and where it lies. */
bool terms_next(struct terms_cutter *c, uint64_t *out_hash, struct str *out_term);

/* ---- fuse.c: binary fuse filters ---- */
/* A search through all columns of a table asks a hundred filters of each group: with eight bits
 * every third group would have one that is wrong. */
enum { TERMS_MAX_BITS = 14, TERMS_MIN_BITS = 3 };
enum terms_kind { /* as in files */
                  TERMS_ALL = 0,
                  TERMS_NONE = 1,
                  TERMS_FUSE = 2,
                  TERMS_SHARED = 3 /* its terms are in the shared column's filter */
};
struct terms_fuse {
    uint32_t kind, bits; /* bits: of a fingerprint */
    uint32_t seg_log;    /* a segment has 1 << seg_log fingerprints */
    uint32_t segments;   /* in which the first of a term's three fingerprints may be */
    uint32_t seed;
};
/* How many bytes a filter of n terms takes. */
size_t terms_fuse_bytes(size_t n, uint32_t bits);
/* What the fingerprints of a filter take; 0: it is not a possible one. */
size_t terms_fuse_size(const struct terms_fuse *f);
/* Makes a filter of different hashes and appends its fingerprints. Without luck it is a TERMS_ALL.
 */
struct terms_fuse terms_fuse_make(const uint64_t *hashes, size_t n, uint32_t bits,
                                  struct sbuf *out);
bool terms_fuse_holds(const struct terms_fuse *f, const unsigned char *bytes, uint64_t hash);

/* ---- the file ----
 *   magic[8]  u32 version  u32 groups  u32 columns  u32 directory bytes  u32 CRC-32 of all
 *   before it and the directory
 *   directory: groups × u32 rows; columns × (u64 offset, u32 bytes, u32 CRC-32, u16 n, n bytes
 * name) a column: groups × (u8 kind, u8 bits, u8 seg_log, u8 0, u32 segments, u32 offset, u32
 * seed), then the fingerprints, whose offsets count from the column's beginning. The shared column
 * has no name, and is there when some filter is TERMS_SHARED */
#define TERMS_MAGIC "VDTERMS\n"
enum {
    TERMS_VERSION = 3,
    TERMS_OLDEST_VERSION = 1, /* 1: fingerprints have at most eight bits; 2: nothing is shared */
    TERMS_HEAD_BYTES = 28,
    TERMS_COLUMN_BYTES = 18, /* without the name */
    TERMS_FILTER_BYTES = 16,
    TERMS_MAX_GROUPS = 1 << 20,
    TERMS_MAX_COLUMNS = 4096
};

static inline uint32_t terms_u32(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 | (uint32_t)u[3] << 24;
}
