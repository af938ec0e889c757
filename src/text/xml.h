/* XML as the JSON that parse_xml() of Kusto gives: elements are members, attributes "@name", text
 * beside other things "#text", repeated elements an array. Comments and the like are skipped. */
#pragma once
#include "base/base.h"

enum { XML_MAX_BYTES = 1 << 20, XML_MAX_DEPTH = 100 };
/* Appends one JSON object to out. No external entity is read, and entities do not expand past the
 * limits of expat. Errors: ERR_SYNTAX (with line and column), ERR_LIMIT (size, depth). */
bool xml_to_json(struct str xml, struct sbuf *out, struct err *e) MUST_USE;
/* Appends text with &, <, > and " as entities; other characters that XML can't hold become
 * U+FFFD. */
void xml_escape(struct sbuf *b, struct str text);
