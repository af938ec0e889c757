/* Punycode (RFC 3492), and host names that use it. Case is kept and nothing is normalised: this is
 * the encoding, not IDNA's preparation of names. */
#pragma once
#include "base/base.h"

enum { PUNYCODE_MAX = 1024 }; /* code points of one text: the work grows with their square */
/* Appends. false: too long, or (decoding) not Punycode; out is then as it was. */
bool punycode_encode(struct str text, struct sbuf *out) MUST_USE;
bool punycode_decode(struct str ascii, struct sbuf *out) MUST_USE;
/* Label by label, with "xn--" where a label is not plain ASCII. Ideographic full stops part labels,
 * too, and become '.'. */
bool punycode_encode_host(struct str host, struct sbuf *out) MUST_USE;
bool punycode_decode_host(struct str host, struct sbuf *out) MUST_USE;
