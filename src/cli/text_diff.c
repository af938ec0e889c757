/* Two texts, line by line: the longest common subsequence, which is enough for queries. */
#include "cli/text_diff.h"

enum { MAX_LINES = 2000, CONTEXT = 2 };

struct lines {
    struct str *p;
    size_t n;
};

static struct lines cut(struct arena *a, struct str s)
{
    VEC(struct str) v = {0};
    for (size_t at = 0; at < s.n && v.n < MAX_LINES;) {
        size_t end = at;
        while (end < s.n && s.p[end] != '\n')
            end++;
        struct str line = str_sub(s, at, end - at);
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        VEC_PUSH(a, &v, line);
        at = end + 1;
    }
    return (struct lines){v.p, v.n};
}

struct line_diff {
    char sign; /* - + or a blank */
    struct str text;
};

/* common[i][k]: lines that both texts have from i and k on. */
static size_t align(struct arena *a, struct lines x, struct lines y, struct line_diff **out)
{
    size_t width = y.n + 1, n = 0, i = 0, k = 0;
    uint16_t *common = arena_array(a, uint16_t, (x.n + 1) * width);
    for (size_t r = x.n; r-- > 0;)
        for (size_t c = y.n; c-- > 0;) {
            uint16_t down = common[(r + 1) * width + c], right = common[r * width + c + 1];
            common[r * width + c] = str_eq(x.p[r], y.p[c])
                                        ? (uint16_t)(common[(r + 1) * width + c + 1] + 1)
                                    : down > right ? down
                                                   : right;
        }
    *out = arena_array(a, struct line_diff, x.n + y.n + 1);
    while (i < x.n || k < y.n) {
        if (i < x.n && k < y.n && str_eq(x.p[i], y.p[k])) {
            (*out)[n++] = (struct line_diff){' ', x.p[i]};
            i++;
            k++;
        } else if (k == y.n ||
                   (i < x.n && common[(i + 1) * width + k] >= common[i * width + k + 1])) {
            (*out)[n++] = (struct line_diff){'-', x.p[i++]};
        } else {
            (*out)[n++] = (struct line_diff){'+', y.p[k++]};
        }
    }
    return n;
}

static bool is_near(const struct line_diff *d, size_t n, size_t i)
{
    size_t from = i > CONTEXT ? i - CONTEXT : 0;
    for (size_t k = from; k < n && k <= i + CONTEXT; k++)
        if (d[k].sign != ' ')
            return true;
    return false;
}

void text_diff(struct arena *a, struct str old, struct str new, const char *indent,
               struct sbuf *out)
{
    struct line_diff *d = NULL;
    size_t n = align(a, cut(a, old), cut(a, new), &d);
    bool gap = false;
    for (size_t i = 0; i < n; i++) {
        if (is_near(d, n, i)) {
            sbuf_addf(out, "%s%c %.*s\n", indent, d[i].sign, STR_ARG(d[i].text));
            gap = false;
        } else if (!gap) {
            sbuf_addf(out, "%s…\n", indent);
            gap = true;
        }
    }
}
