/* Where the content that ships (rules, table schemas) is on this machine. */
#pragma once
#include "base/base.h"

/* Sets *out to the folder named name in the content, for example "rules", as a terminated text.
 * Looked for, first found wins: $VEDETTE_CONTENT, share/vedette/content beside the program's bin/,
 * content/ of the source tree that the program was built from. $VEDETTE_CONTENT, when set, is the
 * only one that counts, so that a wrong setting is not hidden.
 * a owns *out   e ERR_NOT_FOUND, with what was tried */
bool content_find(struct arena *a, const char *name, struct str *out, struct err *e) MUST_USE;
/* The same for the folder of the built portal, the one with index.html: $VEDETTE_PORTAL_DIR,
 * share/vedette/portal beside the program's bin/, build/portal of the source tree. */
bool content_portal(struct arena *a, struct str *out, struct err *e) MUST_USE;
