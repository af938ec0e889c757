/* Where records end. */
#include "ingest/container.h"
#include "tail/tail_priv.h"

size_t tail_cut_lines(struct str text)
{
    const char *nl = text.n > 0 ? memrchr(text.p, '\n', text.n) : NULL;
    return nl != NULL ? (size_t)(nl - text.p) + 1 : 0;
}

bool tail_is_whole(const struct tail_source *s)
{
    return s->format == TAIL_JSON || (s->format == TAIL_FOREIGN && s->mode == TAIL_ONCE);
}

size_t tail_cut(const struct tail_source *s, struct str text)
{
    switch (s->format) {
    case TAIL_SYSLOG:
    case TAIL_TEXT:
        return s->first_line != NULL ? events_cut(s, text) : tail_cut_lines(text);
    case TAIL_NDJSON:
    case TAIL_CEF:
    case TAIL_FOREIGN:
        return tail_cut_lines(text);
    case TAIL_CSV:
        return csv_cut(text, s->csv.separator);
    case TAIL_CONTAINER:
        return container_cut(text);
    case TAIL_JSON:
        return 0; /* only as a whole */
    }
    UNREACHABLE();
}
