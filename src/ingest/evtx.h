/* Event logs of Windows as files (.evtx). */
#pragma once
#include "base/base.h"

enum { EVTX_FILE_HEADER = 4096, EVTX_CHUNK = 65536, EVTX_RECORDS = 512 };

/* A record of the chunk at *at, which moves behind it; false: no more. *out is STR_NONE when the
 * rest of the chunk can't be read as records; then why tells, and the next call gives false. */
bool evtx_next(struct str chunk, size_t *at, struct str *out, struct err *why) MUST_USE;
/* Appends the record (a part of chunk) as an Event element of XML to out. Names, templates and
 * values are looked up inside of the chunk alone. Errors: ERR_SYNTAX, ERR_LIMIT (nesting, tokens,
 * the length that out allows). */
bool evtx_xml(struct str chunk, struct str record, struct sbuf *out, struct err *e) MUST_USE;
/* A value of BinXml as text: type is one of its value types, without the array bit. Appends to out;
 * false: the bytes are not of that type. */
bool evtx_value(struct sbuf *out, uint8_t type, struct str bytes);
/* Appends UTF-16 (little endian) as UTF-8; what is no character is U+FFFD. */
void evtx_utf16(struct sbuf *out, struct str bytes);
/* UTF-16 up to its first NUL. */
struct str evtx_before_nul(struct str bytes);
