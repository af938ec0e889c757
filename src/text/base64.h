/* Base64 (RFC 4648, both alphabets) and hex. */
#pragma once
#include "base/base.h"

enum base64_kind {
    BASE64_STD, /* + and /, padded with = */
    BASE64_URL  /* - and _, written without padding */
};
void base64_encode(enum base64_kind kind, struct str bytes, struct sbuf *out);
/* Appends the bytes to out. Padding may be missing; blanks, letters of the other alphabet, padding
 * in the middle and leftover bits that are not zero are refused. On false out is as it was. */
bool base64_decode(enum base64_kind kind, struct str text, struct sbuf *out) MUST_USE;
void hex_encode(struct str bytes, struct sbuf *out); /* lower case */
/* Any case, an even number of digits. On false out is as it was. */
bool hex_decode(struct str text, struct sbuf *out) MUST_USE;
