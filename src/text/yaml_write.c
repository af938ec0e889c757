/* A tree as YAML, in block style. */
#include "text/yaml_priv.h"

enum { MAX_DEPTH = 64, INDENT = 2, MAX_KEY = 500 /* libyaml's own limit is 1,024 as written */ };

struct writer {
    struct sbuf *b;
    const char *problem; /* NULL: none yet */
};
static void write_node(struct writer *w, const struct json *v, size_t indent, bool in_sequence);

static void spaces(struct writer *w, size_t n)
{
    while (n-- > 0)
        sbuf_addc(w->b, ' ');
}

/* ---- scalars ---- */

/* Control characters, and what some readers take for line breaks or byte order marks. */
static bool is_special(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           (c >= 0xfffd && c <= 0xffff);
}

static bool needs_escapes(struct str s)
{
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        uint32_t c = utf8_next(&p, end);
        if (is_special(c) && c != '\n' && c != '\t')
            return true;
    }
    return false;
}

static void double_quoted(struct writer *w, struct str s)
{
    sbuf_addc(w->b, '"');
    for (const char *p = s.p, *end = s.p + s.n; p < end;) {
        const char *from = p;
        uint32_t c = utf8_next(&p, end);
        if (c == '\n' || c == '\t')
            sbuf_addz(w->b, c == '\n' ? "\\n" : "\\t");
        else if (is_special(c))
            sbuf_addf(w->b, "\\u%04x", c);
        else {
            if (c == '"' || c == '\\')
                sbuf_addc(w->b, '\\');
            sbuf_addmem(w->b, from, (size_t)(p - from));
        }
    }
    sbuf_addc(w->b, '"');
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Only what no reader of YAML takes for anything else. */
static bool may_stand_plain(struct str s)
{
    if (s.n == 0 || !is_word(s.p[0]) || s.p[s.n - 1] == ' ' || !yaml_plain_is_text(s))
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!is_word(s.p[i]) && !str_holds(STR(" ./()+-"), s.p[i]))
            return false;
    static const char *const words[] = {"yes", "no", "on", "off", "y", "n"};
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_ieqz(s, words[i]))
            return false;
    /* 2026-01-02 is a date to some; a GUID is not. */
    return s.p[0] < '0' || s.p[0] > '9' || !str_holds(s, '-') || s.n == 36;
}

static void single_quoted(struct writer *w, struct str s)
{
    sbuf_addc(w->b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\'')
            sbuf_addc(w->b, '\'');
        sbuf_addc(w->b, s.p[i]);
    }
    sbuf_addc(w->b, '\'');
}

/* |2 when the first line starts with what would be taken for indentation. */
static void block(struct writer *w, struct str s, size_t indent)
{
    bool lead = s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n';
    bool ends = s.p[s.n - 1] == '\n';
    bool keep = ends && s.n > 1 && s.p[s.n - 2] == '\n';
    sbuf_addz(w->b, "|");
    if (lead)
        sbuf_addi(w->b, INDENT);
    sbuf_addz(w->b, keep ? "+\n" : ends ? "\n" : "-\n");
    for (size_t at = 0; at < s.n;) {
        size_t n = 0;
        if (!str_find(str_sub(s, at, s.n), STR("\n"), &n))
            n = s.n - at;
        if (n > 0)
            spaces(w, indent);
        sbuf_add(w->b, str_sub(s, at, n));
        sbuf_addc(w->b, '\n');
        at += n + 1;
    }
}

/* Writes the line's end, too. indent: of a block's lines. */
static void write_text(struct writer *w, struct str s, size_t indent)
{
    bool lines = str_holds(s, '\n');
    if (lines && !needs_escapes(s) && str_trim(s).n > 0) {
        block(w, s, indent);
        return;
    }
    if (lines || needs_escapes(s) || str_holds(s, '\t'))
        double_quoted(w, s);
    else if (may_stand_plain(s))
        sbuf_add(w->b, s);
    else
        single_quoted(w, s);
    sbuf_addc(w->b, '\n');
}

static void write_key(struct writer *w, struct str s)
{
    if (may_stand_plain(s))
        sbuf_add(w->b, s);
    else
        double_quoted(w, s);
    sbuf_addc(w->b, ':');
    if (s.n > MAX_KEY)
        w->problem = "a key is too long";
}

/* ---- collections ---- */

static bool is_collection(const struct json *v)
{
    return (v->type == JSON_ARRAY || v->type == JSON_OBJECT) && v->n > 0;
}

static void write_mapping(struct writer *w, const struct json *v, size_t indent, bool in_sequence)
{
    for (size_t i = 0; i < v->n; i++) {
        const struct json *item = &v->items[i];
        if (i > 0 || !in_sequence)
            spaces(w, indent);
        write_key(w, v->keys[i]);
        sbuf_addc(w->b, is_collection(item) ? '\n' : ' ');
        write_node(w, item, indent + INDENT, false);
    }
}

static void write_sequence(struct writer *w, const struct json *v, size_t indent, bool in_sequence)
{
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0 || !in_sequence)
            spaces(w, indent);
        sbuf_addz(w->b, "- ");
        write_node(w, &v->items[i], indent + INDENT, true);
    }
}

/* in_sequence: "- " stands in front already. */
static void write_node(struct writer *w, const struct json *v, size_t indent, bool in_sequence)
{
    if (indent > (size_t)MAX_DEPTH * INDENT) {
        w->problem = "nested too deep";
        return;
    }
    switch (v->type) {
    case JSON_NULL:
        sbuf_addz(w->b, "null\n");
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        sbuf_addz(w->b, v->type == JSON_TRUE ? "true\n" : "false\n");
        return;
    case JSON_INT:
    case JSON_REAL:
        sbuf_add(w->b, v->text);
        sbuf_addc(w->b, '\n');
        return;
    case JSON_STRING:
        /* A block's lines stand deeper than the indicator of its parent. */
        write_text(w, v->text, indent > 0 ? indent : INDENT);
        return;
    case JSON_ARRAY:
        if (v->n == 0)
            sbuf_addz(w->b, "[]\n");
        else
            write_sequence(w, v, indent, in_sequence);
        return;
    case JSON_OBJECT:
        if (v->n == 0)
            sbuf_addz(w->b, "{}\n");
        else
            write_mapping(w, v, indent, in_sequence);
        return;
    }
}

bool yaml_write(const struct json *v, struct sbuf *out, struct err *e)
{
    struct writer w = {.b = out};
    write_node(&w, v, 0, false);
    if (w.problem != NULL)
        return err_set(e, ERR_LIMIT, "YAML: %s", w.problem);
    return sbuf_ok(out) || err_set(e, ERR_LIMIT, "YAML: the text is too large");
}
