/* Regular expressions: PCRE2 behind a small interface. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/rx.h"

#include <ctype.h>
#include <pcre2.h>

enum { RX_MATCH_LIMIT = 1000000, RX_MAX_PATTERN = 64 << 10 };

struct rx {
    pcre2_code *code;
    size_t groups;
};

static bool is_hex(struct str s, size_t from, size_t n)
{
    if (from + n > s.n)
        return false;
    for (size_t i = from; i < from + n; i++)
        if (!isxdigit((unsigned char)s.p[i]))
            return false;
    return true;
}

/* Kusto's \u12AB, \U000012AB and \u{12AB} are PCRE2's \x{12AB}. */
static void translate(struct str s, struct sbuf *out)
{
    for (size_t i = 0; i < s.n; i++) {
        sbuf_addc(out, s.p[i]);
        if (s.p[i] != '\\' || i + 1 == s.n)
            continue;
        char next = s.p[++i];
        size_t digits = next == 'u' ? 4 : next == 'U' ? 8 : 0;
        if (digits > 0 && is_hex(s, i + 1, digits)) {
            sbuf_addf(out, "x{%.*s}", (int)digits, s.p + i + 1);
            i += digits;
        } else {
            bool braces = digits > 0 && i + 1 < s.n && s.p[i + 1] == '{';
            sbuf_addc(out, braces ? 'x' : next);
        }
    }
}

/* where: a byte of the pattern, or near it where escapes were translated. */
static pcre2_code *compile(struct str pattern, int *why, PCRE2_SIZE *where)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make((size_t)4 * RX_MAX_PATTERN);
    translate(pattern, &b);
    struct str s = sbuf_str(&b);
    return pcre2_compile((PCRE2_SPTR)(s.n ? s.p : ""), s.n,
                         PCRE2_UTF | PCRE2_UCP | PCRE2_NO_UTF_CHECK | PCRE2_DOLLAR_ENDONLY, why,
                         where, NULL);
}

bool rx_check(struct str pattern, struct err *e)
{
    if (pattern.n > RX_MAX_PATTERN)
        return err_set(e, ERR_INVALID, "the pattern has %zu bytes, more than %d", pattern.n,
                       RX_MAX_PATTERN);
    int why;
    PCRE2_SIZE where;
    pcre2_code *code = compile(pattern, &why, &where);
    if (code != NULL) {
        pcre2_code_free(code);
        return true;
    }
    PCRE2_UCHAR text[256];
    (void)pcre2_get_error_message(why, text, sizeof(text));
    return err_set(e, ERR_INVALID, "%s, at byte %zu", (const char *)text, (size_t)where);
}

struct rx *rx_new(struct str pattern)
{
    int why;
    PCRE2_SIZE where;
    pcre2_code *code = pattern.n > RX_MAX_PATTERN ? NULL : compile(pattern, &why, &where);
    if (!code)
        return NULL;
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    struct rx *x = xcalloc(1, sizeof(*x));
    uint32_t n = 0;
    (void)pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &n);
    x->code = code;
    x->groups = n;
    return x;
}

void rx_free(struct rx *x)
{
    if (!x)
        return;
    pcre2_code_free(x->code);
    xfree(x);
}

size_t rx_groups(const struct rx *x)
{
    return x->groups;
}

bool rx_group_named(const struct rx *x, struct str name, size_t *out)
{
    char text[64];
    if (name.n >= sizeof(text) || str_holds(name, '\0'))
        return false;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    int n = pcre2_substring_number_from_name(x->code, (PCRE2_SPTR)text);
    *out = n > 0 ? (size_t)n : 0;
    return n > 0;
}

bool rx_find(const struct rx *x, struct str text, size_t from, struct rx_match *out)
{
    if (!x || from > text.n)
        return false;
    pcre2_match_context *ctx = pcre2_match_context_create(NULL);
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(x->code, NULL);
    (void)pcre2_set_match_limit(ctx, RX_MATCH_LIMIT);
    int n = pcre2_match(x->code, (PCRE2_SPTR)(text.n ? text.p : ""), text.n, from,
                        PCRE2_NO_UTF_CHECK, data, ctx);
    if (n > 0) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(data);
        out->n_groups = x->groups < RX_MAX_GROUPS ? x->groups : RX_MAX_GROUPS;
        for (size_t i = 0; i < 2 * (out->n_groups + 1); i++)
            out->at[i] = i < 2 * (size_t)n ? at[i] : SIZE_MAX;
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(ctx);
    return n > 0;
}

void rx_quote(struct sbuf *out, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (strchr("\\.+*?()|[]{}^$#&-~", text.p[i]) && text.p[i])
            sbuf_addc(out, '\\');
        sbuf_addc(out, text.p[i]);
    }
}
