/* Where records end. */
#include "ingest/container.h"
#include "tail/tail_priv.h"

static size_t cut_lines(struct str text)
{
    const char *nl = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

/* A line feed inside of quotes ends no line. */
static size_t cut_csv(struct str text)
{
    bool quoted = false;
    size_t cut = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '"')
            quoted = !quoted;
        else if (text.p[i] == '\n' && !quoted)
            cut = i + 1;
    }
    return cut;
}

bool tail_is_whole(enum tail_format f)
{
    return f == TAIL_JSON;
}

size_t tail_cut(enum tail_format f, struct str text)
{
    switch (f) {
    case TAIL_NDJSON:
    case TAIL_SYSLOG:
    case TAIL_CEF:
        return cut_lines(text);
    case TAIL_CSV:
        return cut_csv(text);
    case TAIL_CONTAINER:
        return container_cut(text);
    case TAIL_JSON:
        return 0; /* only as a whole */
    }
    UNREACHABLE();
}
