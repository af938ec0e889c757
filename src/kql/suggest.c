/* "Did you mean": the nearest name by edit distance, ignoring case. */
#include "kql/functions.h"

enum { MAX_NAME = 64, NONE = 1000 };

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}
/* Levenshtein distance with adjacent swaps counted as two; names longer than MAX_NAME are never
 * near. */
static unsigned distance(struct str a, struct str b)
{
    unsigned row[MAX_NAME + 1];
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned up = row[j];
            unsigned best = diagonal + (lower(a.p[i - 1]) != lower(b.p[j - 1]));
            if (up + 1 < best)
                best = up + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
            diagonal = up;
        }
    }
    return row[b.n];
}

void suggest_offer(struct suggest *s, struct str candidate)
{
    struct str w = s->want;
    if (w.n == 0 || w.n > MAX_NAME || candidate.n == 0 || candidate.n > MAX_NAME)
        return;
    size_t gap = w.n > candidate.n ? w.n - candidate.n : candidate.n - w.n;
    unsigned limit = w.n <= 3 ? 1 : w.n <= 8 ? 2 : 3;
    if (gap > limit)
        return;
    unsigned d = distance(w, candidate);
    if (d > limit || (s->best.n > 0 && d >= s->distance))
        return;
    s->best = candidate;
    s->distance = d;
}

struct str kql_func_suggest(struct arena *a, struct str name)
{
    struct suggest s = {.want = name, .distance = NONE};
    const struct kql_func *f;
    for (size_t i = 0; (f = kql_func_at(i)) != NULL; i++)
        if ((f->flags & (KF_HIDDEN | KF_OPERATOR)) == 0)
            suggest_offer(&s, str_from(f->name));
    return s.best.n > 0 ? arena_str(a, s.best) : STR_NONE;
}
