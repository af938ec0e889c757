#include "engine/duckdb/words.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool words_is_inner(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

struct words_cutter words_cutter(struct str characters)
{
    struct words_cutter k;
    for (size_t i = 0; i < COUNTOF(k.separates); i++)
        k.separates[i] = characters.n == 0 && !words_is_inner((char)i);
    for (size_t i = 0; i < characters.n; i++)
        if ((characters.p[i] & 0x80) == 0)
            k.separates[(unsigned char)characters.p[i]] = true;
    return k;
}

bool words_is_number(struct str w)
{
    size_t i = 0;
    while (i < w.n && is_digit(w.p[i]))
        i++;
    return i == w.n;
}

void words_find(const struct words_cutter *k, struct str text, struct words *out)
{
    out->text = text;
    out->n = 0;
    out->numbers_only = true;
    out->cut = false;
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && !k->separates[(unsigned char)text.p[i]])
            i++;
        if (i > from && out->n == WORDS_MAX) {
            out->cut = true;
            return;
        }
        if (i > from) {
            out->p[out->n] = str_sub(text, from, i - from);
            out->numbers_only = out->numbers_only && words_is_number(out->p[out->n]);
            out->n++;
        }
        while (i < text.n && k->separates[(unsigned char)text.p[i]])
            i++;
    }
    if (out->n == 0)
        out->p[out->n++] = text;
}
