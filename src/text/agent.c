/* User agents by ordered patterns (uap-core's specification.md). A thousand patterns a header would
 * be slow: most are left out because a word that they need is not in the header, and those left are
 * compiled only once. */
#include <stdatomic.h>

#include "text/agent.h"
#include "text/rx.h"
#include "text/yaml.h"

enum { RULES_MAX_BYTES = 8 << 20, MIN_WORD = 2 };
extern const char agent_text_begin[], agent_text_end[];

/* Owned by the rule, and changed once, from nothing to a pattern. */
struct pattern {
    _Atomic(struct rx *) compiled;
};
struct rule {
    struct str regex;
    bool ignore_case;
    struct str word;                  /* in lower case; what matches holds it; may be empty */
    struct str replace[AGENT_FIELDS]; /* empty: the default group */
    struct pattern *pattern;
};
struct agents {
    struct arena *a;
    struct rule *rules[AGENT_KINDS];
    size_t n[AGENT_KINDS];
};

/* ---- the word that a pattern needs ---- */
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Behind the bracket that closes the one at `at`. */
static size_t behind_bracket(struct str s, size_t at)
{
    bool set = s.p[at] == '[';
    size_t depth = 0, i = at;
    for (; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (set ? s.p[i] == ']' && i > at + 1 : s.p[i] == ')' && --depth == 0)
            return i + 1;
        else if (!set && s.p[i] == '[')
            i = behind_bracket(s, i) - 1;
        else if (!set && s.p[i] == '(')
            depth++;
    }
    return s.n;
}

/* Whether alternatives stand in it, outside of groups. */
static bool has_choice(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '(' || s.p[i] == '[')
            i = behind_bracket(s, i) - 1;
        else if (s.p[i] == '|')
            return true;
    }
    return false;
}

/* Whether what stands in front of `at` may be missing. */
static bool is_optional(struct str s, size_t at)
{
    return at < s.n && (s.p[at] == '?' || s.p[at] == '*' || s.p[at] == '{');
}

static bool is_plain(char c)
{
    return c != '\0' && strchr("\\.+*?()|[]{}^$", c) == NULL;
}

struct words {
    char now[128], best[128];
    size_t n, n_best;
};

static void end_word(struct words *w)
{
    if (w->n > w->n_best) {
        memcpy(w->best, w->now, w->n);
        w->n_best = w->n;
    }
    w->n = 0;
}

static void add_char(struct words *w, char c, bool optional)
{
    if (optional || w->n == sizeof(w->now))
        end_word(w);
    if (!optional)
        w->now[w->n++] = lower(c);
}

/* "(…)" and "(?:…)": what must be in the text; not what only looks around. */
static bool group_inside(struct str group, struct str *inside)
{
    *inside = str_sub(group, 1, group.n - 2);
    if (inside->n < 1 || inside->p[0] != '?')
        return true;
    bool plain = inside->n > 1 && inside->p[1] == ':';
    *inside = str_sub(*inside, 2, inside->n);
    return plain;
}

static void collect(struct str s, struct words *w, unsigned depth)
{
    if (depth > 20 || has_choice(s))
        return;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        size_t next = c == '(' || c == '[' ? behind_bracket(s, i) : i + 1 + (c == '\\');
        while (c == '{' && next < s.n && s.p[next - 1] != '}')
            next++;
        struct str inside;
        if (is_plain(c)) {
            add_char(w, c, is_optional(s, next));
        } else if (c == '\\' && next <= s.n && strchr("./-+()", s.p[i + 1]) != NULL) {
            add_char(w, s.p[i + 1], is_optional(s, next));
        } else {
            end_word(w);
            if (c == '(' && !is_optional(s, next) && next - i >= 2 &&
                group_inside(str_sub(s, i, next - i), &inside))
                collect(inside, w, depth + 1);
            end_word(w);
        }
        i = next;
    }
    end_word(w);
}

static struct str needed_word(struct arena *a, struct str regex)
{
    struct words w = {.n = 0};
    collect(regex, &w, 0);
    return w.n_best < MIN_WORD ? STR_NONE : arena_str(a, (struct str){w.best, w.n_best});
}

/* ---- reading the rules ---- */
static const char *const lists[AGENT_KINDS] = {"user_agent_parsers", "os_parsers",
                                               "device_parsers"};
static const char *const replacements[AGENT_KINDS][AGENT_FIELDS] = {
    {"family_replacement", "v1_replacement", "v2_replacement", "v3_replacement", NULL},
    {"os_replacement", "os_v1_replacement", "os_v2_replacement", "os_v3_replacement",
     "os_v4_replacement"},
    {"device_replacement", "brand_replacement", "model_replacement", NULL, NULL}};

static void read_rule(struct agents *g, enum agent_kind kind, const struct json *from,
                      struct rule *out)
{
    out->regex = json_text(json_get(from, "regex"), STR_NONE);
    out->ignore_case = str_eqz(json_text(json_get(from, "regex_flag"), STR_NONE), "i");
    out->word = needed_word(g->a, out->regex);
    out->pattern = arena_new_of(g->a, struct pattern);
    for (size_t i = 0; i < AGENT_FIELDS; i++) {
        const char *key = replacements[kind][i];
        const struct json *v = key != NULL ? json_get(from, key) : NULL;
        out->replace[i] = v != NULL ? v->text : STR_NONE;
    }
}

struct agents *agents_new(void)
{
    struct agents *g = xcalloc(1, sizeof(*g));
    struct json root;
    struct err e = {0};
    struct str text = {agent_text_begin, (size_t)(agent_text_end - agent_text_begin)};
    g->a = arena_new((size_t)256 << 20);
    if (text.n > RULES_MAX_BYTES || !yaml_parse(g->a, text, NULL, &root, &e))
        return g;
    for (size_t k = 0; k < AGENT_KINDS; k++) {
        const struct json *list = json_get(&root, lists[k]);
        g->n[k] = list != NULL && list->type == JSON_ARRAY ? list->n : 0;
        g->rules[k] = arena_array(g->a, struct rule, g->n[k] + 1);
        for (size_t i = 0; i < g->n[k]; i++)
            read_rule(g, (enum agent_kind)k, &list->items[i], &g->rules[k][i]);
    }
    return g;
}

void agents_free(struct agents *g)
{
    if (g == NULL)
        return;
    for (size_t k = 0; k < AGENT_KINDS; k++)
        for (size_t i = 0; i < g->n[k]; i++)
            rx_free(atomic_load(&g->rules[k][i].pattern->compiled));
    arena_free(g->a);
    xfree(g);
}

/* ---- matching ---- */
static const struct rx *pattern_of(const struct rule *r)
{
    struct rx *x = atomic_load(&r->pattern->compiled);
    if (x != NULL)
        return x;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addz(&b, r->ignore_case ? "(?i)" : "");
    sbuf_add(&b, r->regex);
    struct rx *made = rx_new(sbuf_str(&b)), *other = NULL;
    if (atomic_compare_exchange_strong(&r->pattern->compiled, &other, made))
        return made;
    rx_free(made); /* another thread was first */
    return other;
}

/* "$1" … "$9" stand for groups. */
static struct str fill_in(struct arena *a, struct str replacement, const struct rx_match *m,
                          struct str header)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    for (size_t i = 0; i < replacement.n; i++) {
        char next = i + 1 < replacement.n ? replacement.p[i + 1] : '\0';
        if (replacement.p[i] == '$' && next >= '1' && next <= '9') {
            sbuf_add(&b, rx_group(m, header, (size_t)(next - '0')));
            i++;
        } else {
            sbuf_addc(&b, replacement.p[i]);
        }
    }
    return arena_str(a, str_trim(sbuf_str(&b)));
}

/* Which group a field is without a replacement; 0: none. */
static size_t default_group(enum agent_kind kind, size_t field)
{
    if (kind == AGENT_DEVICE)
        return field == 1 ? 0 : 1;
    return field + 1;
}

static size_t fields_of(enum agent_kind kind)
{
    return kind == AGENT_BROWSER ? 4 : kind == AGENT_OS ? 5 : 3;
}

static void take(const struct rule *r, struct arena *a, enum agent_kind kind,
                 const struct rx_match *m, struct str header, struct agent_info *out)
{
    for (size_t i = 0; i < fields_of(kind); i++) {
        size_t group = default_group(kind, i);
        if (r->replace[i].n > 0)
            out->field[i] = fill_in(a, r->replace[i], m, header);
        else if (group > 0)
            out->field[i] = rx_group(m, header, group);
    }
}

void agents_parse(const struct agents *g, struct arena *a, enum agent_kind kind, struct str header,
                  struct agent_info *out)
{
    char folded[AGENT_MAX_BYTES];
    *out = (struct agent_info){{STR("Other")}};
    if (header.n > AGENT_MAX_BYTES) {
        header.n = AGENT_MAX_BYTES;
        while (header.n > 0 && ((unsigned char)header.p[header.n] & 0xC0) == 0x80)
            header.n--; /* not inside a character */
    }
    for (size_t i = 0; i < header.n; i++)
        folded[i] = lower(header.p[i]);
    for (size_t i = 0; i < g->n[kind]; i++) {
        const struct rule *r = &g->rules[kind][i];
        struct rx_match m;
        if (r->word.n > 0 && memmem(folded, header.n, r->word.p, r->word.n) == NULL)
            continue;
        if (rx_search(pattern_of(r), header, 0, &m) != RX_FOUND)
            continue;
        take(r, a, kind, &m, arena_str(a, header), out);
        return;
    }
}
