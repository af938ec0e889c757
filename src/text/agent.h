/* What a User-Agent header tells: by the rules of uap-core (Apache-2.0), which the build puts into
 * the program. The first rule that matches counts. */
#pragma once
#include "base/base.h"

enum agent_kind { AGENT_BROWSER, AGENT_OS, AGENT_DEVICE, AGENT_KINDS };
enum { AGENT_FIELDS = 5, AGENT_MAX_BYTES = 1024 }; /* longer headers are cut */
/* Browser: family, major, minor, patch. System: the same and the patch's minor. Device: family,
 * brand, model. "Other" and empty fields when no rule matches. */
struct agent_info {
    struct str field[AGENT_FIELDS];
};
struct agents;                   /* the rules; shared by threads */
struct agents *agents_new(void); /* reads the rules; patterns are compiled when first needed */
void agents_free(struct agents *g);
/* The fields live in a. */
void agents_parse(const struct agents *g, struct arena *a, enum agent_kind kind, struct str header,
                  struct agent_info *out);
