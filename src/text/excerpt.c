/* The line that an error is in, with a mark below the place. */
#include "text/excerpt.h"

enum { BEFORE = 80, BEHIND = 60 }; /* code points of a long line that are shown around the place */

static bool continues(unsigned char c)
{
    return (c & 0xC0U) == 0x80U;
}

/* Where the line that holds off starts and ends, cut to what is shown. */
static void window(struct str text, size_t off, size_t *start, size_t *end, bool *cut)
{
    size_t a = off, z = off, points = 0;
    while (a > 0 && text.p[a - 1] != '\n' && points < BEFORE) {
        a--;
        points += !continues((unsigned char)text.p[a]);
    }
    for (points = 0; z < text.n && text.p[z] != '\n' && text.p[z] != '\r'; z++) {
        if (!continues((unsigned char)text.p[z]) && points++ >= BEHIND)
            break;
    }
    while (a > 0 && a < off && continues((unsigned char)text.p[a]))
        a++;
    *cut = a > 0 && text.p[a - 1] != '\n';
    *start = a;
    *end = z;
}

void excerpt_add(struct sbuf *out, struct str text, size_t off, size_t len)
{
    size_t start, end;
    bool cut;
    if (off > text.n)
        off = text.n;
    window(text, off, &start, &end, &cut);
    sbuf_addz(out, cut ? "    …" : "    ");
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '\t')
            sbuf_addc(out, ' ');
        else if (c < 0x20 || c == 0x7F)
            sbuf_addz(out, "·");
        else
            sbuf_addc(out, (char)c);
    }
    sbuf_addz(out, end < text.n && text.p[end] != '\n' && text.p[end] != '\r' ? "…\n" : "\n");
    sbuf_addz(out, cut ? "     " : "    ");
    for (size_t i = start; i < off; i++)
        if (!continues((unsigned char)text.p[i]))
            sbuf_addc(out, ' ');
    sbuf_addc(out, '^');
    for (size_t i = off + 1; i < end && i < off + len; i++)
        if (!continues((unsigned char)text.p[i]))
            sbuf_addc(out, '~');
    sbuf_addc(out, '\n');
}
