/* Values packed one by one: zlib (RFC 1950) and gzip (RFC 1952). For files see unpack.h. */
#pragma once
#include "base/base.h"

enum deflate_kind { DEFLATE_ZLIB, DEFLATE_GZIP };
/* Appends the packed bytes. What would grow is stored as it is. */
void deflate_bytes(enum deflate_kind kind, struct str bytes, struct sbuf *out);
/* Appends the unpacked bytes. false: not of that kind, damaged, cut short, something behind it, or
 * more than out takes; out is then as it was, but may have failed. */
bool inflate_bytes(enum deflate_kind kind, struct str packed, struct sbuf *out) MUST_USE;
/* CRC-32 (as gzip has it) of bytes, going on from crc; 0 at the beginning. */
uint32_t crc32_more(uint32_t crc, struct str bytes);
/* CRC-32 of bytes followed by others, of which these are the CRC-32s; bytes: how many the others
 * are. */
uint32_t crc32_join(uint32_t crc, uint32_t other, uint64_t bytes);
