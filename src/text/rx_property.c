/* Regular expressions: Unicode properties by name. PCRE2 has their characters; the names of the
 * dialect are mapped to PCRE2's here. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/rx_priv.h"

#include <pcre2.h>

enum { MAX_NAME = 64 };

/* ---- asking PCRE2 ---- */
static pcre2_code *one_of(const char *prop)
{
    char pattern[MAX_NAME + 8];
    struct sbuf b = sbuf_make(sizeof(pattern));
    int why;
    PCRE2_SIZE where;
    sbuf_addf(&b, "\\p{%s}", prop);
    struct str s = sbuf_str(&b);
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)s.p, s.n, PCRE2_UTF | PCRE2_ANCHORED, &why, &where, NULL);
    sbuf_fini(&b);
    return code;
}

static bool exists(const char *prop)
{
    pcre2_code *code = one_of(prop);
    pcre2_code_free(code);
    return code != NULL;
}

/* Asks for many characters. */
struct asker {
    pcre2_code *code;
    pcre2_match_data *data;
};

static struct asker asker_new(const char *prop)
{
    struct asker k = {.code = one_of(prop), .data = pcre2_match_data_create(1, NULL)};
    return k;
}

static void asker_fini(struct asker *k)
{
    pcre2_match_data_free(k->data);
    pcre2_code_free(k->code);
}

static bool has(const struct asker *k, uint32_t cp)
{
    char u[4];
    size_t n = utf8_put(u, cp);
    return k->code != NULL &&
           pcre2_match(k->code, (PCRE2_SPTR)u, n, 0, PCRE2_NO_UTF_CHECK, k->data, NULL) >= 0;
}

bool rx_name_char(uint32_t cp, bool first)
{
    if (cp < 0x80 || cp > 0x10FFFF)
        return false;
    AUTO(asker_fini) struct asker letters = asker_new("Alphabetic"), numbers = asker_new("N");
    return has(&letters, cp) || (!first && has(&numbers, cp));
}

/* ---- folding ---- */
struct folding {
    const struct asker *ask;
    struct sbuf *out;
};

static void fold_one(void *arg, uint32_t cp, uint32_t next)
{
    struct folding *f = arg;
    if (has(f->ask, next) && !has(f->ask, cp))
        sbuf_addf(f->out, "\\x{%x}", (unsigned)cp);
}

struct str rx_property_folds(struct arena *a, const char *prop)
{
    AUTO(asker_fini) struct asker ask = asker_new(prop);
    AUTO(sbuf_fini) struct sbuf out = sbuf_make(64 << 10);
    struct folding f = {&ask, &out};
    rx_fold_each(fold_one, &f);
    return arena_str(a, sbuf_str(&out));
}

/* ---- names ---- */
static const struct {
    const char *name, *pcre;
} categories[] = {
    {"casedletter", "L&"},
    {"closepunctuation", "Pe"},
    {"cntrl", "Cc"},
    {"combiningmark", "M"},
    {"connectorpunctuation", "Pc"},
    {"control", "Cc"},
    {"currencysymbol", "Sc"},
    {"dashpunctuation", "Pd"},
    {"decimalnumber", "Nd"},
    {"digit", "Nd"},
    {"enclosingmark", "Me"},
    {"finalpunctuation", "Pf"},
    {"format", "Cf"},
    {"initialpunctuation", "Pi"},
    {"lc", "L&"},
    {"letter", "L"},
    {"letternumber", "Nl"},
    {"lineseparator", "Zl"},
    {"lowercaseletter", "Ll"},
    {"mark", "M"},
    {"mathsymbol", "Sm"},
    {"modifierletter", "Lm"},
    {"modifiersymbol", "Sk"},
    {"nonspacingmark", "Mn"},
    {"number", "N"},
    {"openpunctuation", "Ps"},
    {"other", "C"},
    {"otherletter", "Lo"},
    {"othernumber", "No"},
    {"otherpunctuation", "Po"},
    {"othersymbol", "So"},
    {"paragraphseparator", "Zp"},
    {"privateuse", "Co"},
    {"punct", "P"},
    {"punctuation", "P"},
    {"separator", "Z"},
    {"spaceseparator", "Zs"},
    {"spacingmark", "Mc"},
    {"symbol", "S"},
    {"titlecaseletter", "Lt"},
    {"unassigned", "Cn"},
    {"uppercaseletter", "Lu"},
};

static const char short_categories[] = " c cc cf cn co l ll lm lo lt lu m mc me mn n nd nl no p pc "
                                       "pd pe pf pi po ps s sc sk sm so z zl "
                                       "zp zs ";

/* A name without "is" before it, blanks, '_', '-' and what is not ASCII, in lower case. */
static struct str normal_name(char out[MAX_NAME], struct str name)
{
    size_t n = 0;
    bool is = name.n >= 2 && str_ieq(str_sub(name, 0, 2), STR("is"));
    for (size_t i = is ? 2 : 0; i < name.n; i++) {
        unsigned char c = (unsigned char)name.p[i];
        if (c == ' ' || c == '_' || c == '-' || c >= 0x80)
            continue;
        if (n == MAX_NAME - 8)
            return STR_NONE;
        out[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    out[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (!((out[i] >= 'a' && out[i] <= 'z') || (out[i] >= '0' && out[i] <= '9')))
            return STR_NONE;
    return (struct str){out, n};
}

static struct rx_set *prop_set(struct rx_parser *p, const char *pcre)
{
    struct rx_set *s = rx_set_new(p, SET_PROP), *kept;
    bool i = (p->flags & RX_I) != 0;
    for (kept = p->props[i]; kept != NULL; kept = kept->next)
        if (strcmp(kept->prop, pcre) == 0) {
            *s = *kept;
            s->next = NULL;
            return s;
        }
    AUTO(asker_fini) struct asker ask = asker_new(pcre);
    s->prop = arena_strz(p->a, str_from(pcre));
    s->extra = i ? rx_property_folds(p->a, pcre).p : "";
    for (uint32_t c = 0; c < 128; c++)
        if (has(&ask, c))
            rx_bit_set(&s->bits, c);
    if (has(&ask, 0x17F))
        rx_bit_set(&s->bits, RX_BIT_LONG_S);
    if (has(&ask, 0x212A))
        rx_bit_set(&s->bits, RX_BIT_KELVIN);
    kept = rx_set_new(p, SET_PROP);
    *kept = *s;
    kept->next = p->props[i];
    p->props[i] = kept;
    return s;
}

/* NULL: no general category. */
static struct rx_set *category(struct rx_parser *p, struct str name)
{
    char text[MAX_NAME];
    struct sbuf b = sbuf_make(MAX_NAME);
    size_t at;
    if (str_eqz(name, "any"))
        return rx_set_range(p, 0, 0x10FFFF);
    if (str_eqz(name, "ascii"))
        return rx_set_range(p, 0, 0x7F);
    if (str_eqz(name, "assigned"))
        return rx_set_not(p, prop_set(p, "Cn"));
    for (size_t i = 0; i < COUNTOF(categories); i++)
        if (str_eqz(name, categories[i].name))
            return prop_set(p, categories[i].pcre);
    sbuf_addf(&b, " %.*s ", STR_ARG(name));
    bool is_short = name.n > 0 && name.n <= 2 && str_find(STR(short_categories), sbuf_str(&b), &at);
    sbuf_fini(&b);
    if (!is_short)
        return NULL;
    text[0] = (char)(name.p[0] - 'a' + 'A');
    text[1] = name.n > 1 ? name.p[1] : '\0';
    text[2] = '\0';
    return prop_set(p, text);
}

/* A script ("sc:") or the characters that are used with it ("scx:"); NULL: none. */
static struct rx_set *script(struct rx_parser *p, const char *kind, struct str name)
{
    char text[MAX_NAME + 8];
    size_t k = strlen(kind);
    if (name.n == 0)
        return NULL;
    memcpy(text, kind, k);
    memcpy(text + k, name.p, name.n);
    text[k + name.n] = '\0';
    return exists(text) ? prop_set(p, text) : NULL;
}

/* Names that PCRE2 has and the dialect has not. */
static bool is_foreign(struct str name)
{
    static const char *const foreign[] = {"cs", "xan", "xps", "xsp", "xuc", "xwd"};
    for (size_t i = 0; i < COUNTOF(foreign); i++)
        if (str_eqz(name, foreign[i]))
            return true;
    return str_starts(name, STR("bidi")) && !str_eqz(name, "bidic") && !str_eqz(name, "bidim") &&
           !str_eqz(name, "bidicontrol") && !str_eqz(name, "bidimirrored");
}

static struct rx_set *by_value(struct rx_parser *p, struct str name, struct str value)
{
    if (str_eqz(name, "gc") || str_eqz(name, "generalcategory"))
        return category(p, value);
    if (str_eqz(name, "sc") || str_eqz(name, "script"))
        return script(p, "sc:", value);
    if (str_eqz(name, "scx") || str_eqz(name, "scriptextensions"))
        return script(p, "scx:", value);
    return NULL;
}

bool rx_property(struct rx_parser *p, struct str text, size_t from, struct rx_set **out)
{
    char name[MAX_NAME], value[MAX_NAME];
    size_t at;
    *out = NULL;
    if (str_find(text, STR(":"), &at) || str_find(text, STR("="), &at)) {
        struct str left = normal_name(name, str_sub(text, 0, at));
        struct str right = normal_name(value, str_sub(text, at + 1, text.n));
        *out = left.n > 0 && right.n > 0 ? by_value(p, left, right) : NULL;
    } else {
        struct str n = normal_name(name, text);
        if (n.n > 0)
            *out = category(p, n);
        if (n.n > 0 && *out == NULL)
            *out = script(p, "sc:", n);
        if (n.n > 0 && *out == NULL && !is_foreign(n) && exists(name))
            *out = prop_set(p, name);
    }
    return *out != NULL || rx_fail(p, from, p->at, "no Unicode property has the name '%.*s'",
                                   rx_shown(text), text.p);
}
