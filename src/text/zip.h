/* Zip archives of one file. */
#pragma once
#include "base/base.h"

bool zip_is(struct str bytes); /* starts as an archive does */
/* Appends the bytes of the only file in an archive; folders don't count.
 * out  takes at most its max; as it was on failure, but may have failed
 * Errors: ERR_INVALID: damaged; ERR_UNSUPPORTED: no file or several, encrypted, packed in another
 * way than deflate, zip64; ERR_TOO_LARGE. Source: PKWARE's APPNOTE.TXT 6.3. */
bool zip_read_one(struct str archive, struct sbuf *out, struct err *e) MUST_USE;
