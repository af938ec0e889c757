/* From a place in a scalar's value back to the text that it stands in. Visible characters are the
 * same and in the same order on both sides, whatever folding, indentation and escapes do between
 * them. */
#include "text/yaml.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(struct str t, size_t at)
{
    while (at < t.n && is_blank(t.p[at]))
        at++;
    return at;
}

static size_t line_end(struct str t, size_t at)
{
    while (at < t.n && t.p[at] != '\n')
        at++;
    return at;
}

/* Behind the key and its colon. */
static size_t behind_key(struct str t, size_t at)
{
    char quote = at < t.n && (t.p[at] == '"' || t.p[at] == '\'') ? t.p[at] : 0;
    if (quote != 0)
        for (at++; at < t.n && t.p[at] != quote; at++)
            ;
    while (at < t.n && t.p[at] != ':' && t.p[at] != '\n')
        at++;
    return skip_blanks(t, at < t.n ? at + 1 : at);
}

/* One visible character of the source: *len bytes; 0: it is blank, or an escape of something
 * blank, which *skip bytes stand for. */
static size_t visible(struct str t, size_t at, char quote, size_t *skip)
{
    char c = t.p[at], next = at + 1 < t.n ? t.p[at + 1] : 0;
    *skip = 1;
    if (is_blank(c))
        return 0;
    if (quote == '\'' && c == '\'' && next == '\'') {
        *skip = 2;
        return 1;
    }
    if (quote != '"' || c != '\\')
        return 1;
    *skip = next == 'u' ? 6 : next == 'x' ? 4 : next == 'U' ? 10 : 2;
    return next == 'n' || next == 't' || next == 'r' || is_blank(next) ? 0 : 1;
}

/* How many bytes of value an escape such as \u00e4 stands for. */
static size_t bytes_of(struct str value, size_t at, size_t skip)
{
    size_t n = 1;
    if (skip < 4)
        return 1;
    while (at + n < value.n && ((unsigned char)value.p[at + n] & 0xC0) == 0x80)
        n++;
    return n;
}

size_t yaml_scalar_place(struct str text, size_t off, bool after_key, struct str value, size_t at)
{
    size_t from = after_key ? behind_key(text, off) : off, in_value = 0, last = from;
    char quote = 0;
    if (from < text.n && (text.p[from] == '|' || text.p[from] == '>'))
        from = line_end(text, from);
    else if (from < text.n && (text.p[from] == '"' || text.p[from] == '\''))
        quote = text.p[from++];
    size_t next = skip_blanks(value, at < value.n ? at : value.n);
    bool on_text = next == at && at < value.n;
    while (from < text.n) {
        size_t skip = 0, n = visible(text, from, quote, &skip);
        if (n > 0) {
            in_value = skip_blanks(value, in_value);
            if (in_value >= (at < value.n ? at : value.n))
                return on_text ? from : last;
            in_value += bytes_of(value, in_value, skip);
            last = from + skip;
        }
        from += skip;
    }
    return last < text.n ? last : text.n;
}
