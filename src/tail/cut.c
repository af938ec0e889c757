/* Where records end. */
#include "ingest/container.h"
#include "tail/tail_priv.h"

static size_t cut_lines(struct str text)
{
    const char *nl = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

/* A line feed inside of quotes ends no line. A quote opens at the start of a field only. */
static size_t cut_csv(struct str text, char separator)
{
    bool quoted = false, fresh = true;
    size_t cut = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted) {
            quoted = c != '"'; /* one that stands for a quote closes, and opens again */
            fresh = !quoted;
        } else if (c == '"' && fresh) {
            quoted = true;
        } else {
            fresh = c == separator || c == '\n';
            cut = c == '\n' ? i + 1 : cut;
        }
    }
    return cut;
}

bool tail_is_whole(enum tail_format f)
{
    return f == TAIL_JSON;
}

size_t tail_cut(const struct tail_source *s, struct str text)
{
    switch (s->format) {
    case TAIL_NDJSON:
    case TAIL_SYSLOG:
    case TAIL_CEF:
        return cut_lines(text);
    case TAIL_CSV:
        return cut_csv(text, s->csv.separator);
    case TAIL_CONTAINER:
        return container_cut(text);
    case TAIL_JSON:
        return 0; /* only as a whole */
    }
    UNREACHABLE();
}
