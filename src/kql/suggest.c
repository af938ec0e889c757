/* "Did you mean": the nearest name by edit distance, ignoring case. */
#include "kql/functions.h"

enum { MAX_NAME = 64, NONE = 1000 };

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}
/* Letters to change, add, leave out or swap with their neighbour; names longer than MAX_NAME are
 * never near. */
static unsigned distance(struct str a, struct str b)
{
    unsigned rows[3][MAX_NAME + 1]; /* this letter of a, the one before, the one before that */
    for (unsigned j = 0; j <= b.n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        unsigned *now = rows[i % 3];
        const unsigned *last = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        now[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
            unsigned best = last[j - 1] + (x != y);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && x == lower(b.p[j - 2]) && lower(a.p[i - 2]) == y &&
                earlier[j - 2] + 1 < best)
                best = earlier[j - 2] + 1;
            now[j] = best;
        }
    }
    return rows[a.n % 3][b.n];
}

void suggest_offer(struct suggest *s, struct str candidate)
{
    struct str w = s->want;
    if (w.n == 0 || w.n > MAX_NAME || candidate.n == 0 || candidate.n > MAX_NAME)
        return;
    size_t gap = w.n > candidate.n ? w.n - candidate.n : candidate.n - w.n;
    unsigned limit = w.n <= 2 ? 0 : w.n <= 4 ? 1 : w.n <= 8 ? 2 : 3; /* 0: another case only */
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
