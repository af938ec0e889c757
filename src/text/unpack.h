/* A file's bytes, uncompressed: gzip (.gz), Zstandard (.zst) or plain, told by the first bytes. */
#pragma once
#include "base/base.h"

struct unpack;
struct unpack *unpack_open(const char *path, struct err *e) MUST_USE; /* "-": standard input */
/* Up to n bytes; 0 at the end. false: unreadable or damaged. */
bool unpack_read(struct unpack *u, void *buf, size_t n, size_t *out_n, struct err *e) MUST_USE;
void unpack_close(struct unpack *u); /* NULL is fine */
