/* What a test case of a rule expects, and how what was found differs. */
#include "ruletest/case_expect.h"
#include "text/date.h"
#include <math.h>
#include <stdio.h>

enum { MAX_LISTED = 20, MAX_DIFF = 64 << 10 };

void case_diff_add(struct case_diffs *d, const char *fmt, ...)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_DIFF);
    va_list ap;
    va_start(ap, fmt);
    sbuf_addv(&b, fmt, ap);
    va_end(ap);
    VEC_PUSH(d->a, &d->v, arena_str(d->a, sbuf_str(&b)));
}

void case_diff_wrong(struct case_diffs *d, const char *what, struct str expected, struct str found)
{
    case_diff_add(d, "%s:", what);
    case_diff_add(d, "- %.*s", STR_ARG(expected));
    case_diff_add(d, "+ %.*s", STR_ARG(found));
}

static struct str shown(struct arena *a, const struct json *v)
{
    if (v == NULL)
        return STR("nothing");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_DIFF);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return sbuf_ok(&b) ? arena_str(a, sbuf_str(&b)) : STR("(too long)");
}

/* ---- values ---- */

/* sets: names of columns whose arrays have no order. */
struct matching {
    const struct json *sets;
    struct arena *a;
};

static bool same(const struct matching *m, const struct json *want, const struct json *is,
                 bool unordered);

static bool is_number(const struct json *v)
{
    return v->type == JSON_INT || v->type == JSON_REAL;
}

static bool is_empty(const struct json *v)
{
    return v == NULL || v->type == JSON_NULL || (v->type == JSON_STRING && v->text.n == 0);
}

/* As KQL's answers do: to nine digits. */
static bool same_number(const struct json *want, const struct json *is)
{
    if (want->type == JSON_INT && is->type == JSON_INT)
        return want->i == is->i;
    double size = fabs(want->d) > fabs(is->d) ? fabs(want->d) : fabs(is->d);
    return want->d == is->d || fabs(want->d - is->d) <= 1e-9 * size;
}

/* The same instant, written with more or fewer digits. */
static bool same_text(struct str want, struct str is)
{
    int64_t x = 0, y = 0;
    if (str_eq(want, is))
        return true;
    return want.n >= 19 && is.n >= 19 && want.p[4] == '-' && date_parse_iso(want, &x) &&
           date_parse_iso(is, &y) && x == y;
}

static bool same_list(const struct matching *m, const struct json *want, const struct json *is,
                      bool unordered)
{
    if (is->type != JSON_ARRAY || want->n != is->n)
        return false;
    bool *taken = arena_array(m->a, bool, is->n + 1);
    for (size_t i = 0; i < want->n; i++) {
        size_t k = unordered ? 0 : i, end = unordered ? is->n : i + 1;
        while (k < end && (taken[k] || !same(m, &want->items[i], &is->items[k], unordered)))
            k++;
        if (k == end)
            return false;
        taken[k] = true;
    }
    return true;
}

static bool same_object(const struct matching *m, const struct json *want, const struct json *is,
                        bool unordered)
{
    if (is->type != JSON_OBJECT || want->n != is->n)
        return false;
    for (size_t i = 0; i < want->n; i++) {
        const struct json *v = json_get_str(is, want->keys[i]);
        if (v == NULL || !same(m, &want->items[i], v, unordered))
            return false;
    }
    return true;
}

static bool same(const struct matching *m, const struct json *want, const struct json *is,
                 bool unordered)
{
    struct json parsed = {0};
    if (is_empty(want) || is_empty(is))
        return is_empty(want) && is_empty(is);
    if (is_number(want) && is_number(is))
        return same_number(want, is);
    if (want->type == JSON_STRING && is->type == JSON_STRING)
        return same_text(want->text, is->text);
    /* A dynamic column holds JSON, and so may the text that stands for it, either way round. */
    if (want->type == JSON_STRING && (is->type == JSON_ARRAY || is->type == JSON_OBJECT))
        return json_parse(m->a, want->text, NULL, &parsed, NULL) && same(m, &parsed, is, unordered);
    if (is->type == JSON_STRING && (want->type == JSON_ARRAY || want->type == JSON_OBJECT))
        return json_parse(m->a, is->text, NULL, &parsed, NULL) && same(m, want, &parsed, unordered);
    if (want->type == JSON_ARRAY)
        return same_list(m, want, is, unordered);
    if (want->type == JSON_OBJECT)
        return same_object(m, want, is, unordered);
    return want->type == is->type;
}

static bool is_set(const struct matching *m, struct str column)
{
    for (size_t i = 0; m->sets != NULL && i < m->sets->n; i++)
        if (str_eq(json_text(&m->sets->items[i], STR("")), column))
            return true;
    return false;
}

/* Every member of want is in is with an equal value. */
static bool covers(const struct matching *m, const struct json *want, const struct json *is)
{
    if (want->type != JSON_OBJECT)
        return same(m, want, is, false);
    for (size_t i = 0; i < want->n; i++)
        if (!same(m, &want->items[i], json_get_str(is, want->keys[i]), is_set(m, want->keys[i])))
            return false;
    return true;
}

/* ---- lists ---- */

enum list_rule { LIST_SOME, LIST_EXACT, LIST_ORDERED, LIST_NONE };

/* Which found item the i-th wanted one is; is->n: none. */
static size_t find_item(const struct matching *m, const struct json *want, size_t i,
                        const struct json *is, const bool *taken, bool ordered)
{
    for (size_t k = ordered ? i : 0; k < is->n && (!ordered || k == i); k++)
        if (!taken[k] && covers(m, &want->items[i], &is->items[k]))
            return k;
    return is->n;
}

/* What was found and not taken tells what an expected item has become. */
static size_t list_rest(struct case_diffs *d, const struct json *is, const bool *taken)
{
    size_t n = 0;
    for (size_t k = 0; k < is->n; k++)
        if (!taken[k] && n++ < MAX_LISTED)
            case_diff_add(d, "+ %.*s", STR_ARG(shown(d->a, &is->items[k])));
    return n;
}

/* Wanted items against found ones, each found one taken once. */
static void compare_lists(struct case_diffs *d, const struct matching *m, const char *what,
                          const struct json *want, const struct json *is, enum list_rule rule)
{
    bool *taken = arena_array(m->a, bool, is->n + 1);
    bool none = rule == LIST_NONE, whole = rule == LIST_EXACT || rule == LIST_ORDERED;
    struct case_diffs lines = {.a = d->a};
    size_t wrong = 0;
    if (want->type != JSON_ARRAY) {
        case_diff_add(d, "%s: a list expected in the test", what);
        return;
    }
    for (size_t i = 0; i < want->n; i++) {
        size_t k = find_item(m, want, i, is, taken, rule == LIST_ORDERED);
        taken[k] = k < is->n;
        if ((k < is->n) == none && wrong++ < MAX_LISTED)
            case_diff_add(&lines, "%s %.*s", none ? "+" : "-",
                          STR_ARG(shown(d->a, &want->items[i])));
    }
    if (whole || (wrong > 0 && !none)) {
        size_t rest = list_rest(&lines, is, taken);
        wrong += whole ? rest : 0;
    }
    if (wrong == 0)
        return;
    case_diff_add(d, "%s:", what);
    for (size_t i = 0; i < lines.v.n; i++)
        VEC_PUSH(d->a, &d->v, lines.v.p[i]);
    if (wrong > MAX_LISTED)
        case_diff_add(d, "  … %zu differences in all", wrong);
}

static struct json list_of(struct arena *a, size_t n)
{
    return (struct json){.type = JSON_ARRAY, .items = arena_array(a, struct json, n + 1)};
}

static void push_text(struct json *list, struct str text)
{
    list->items[list->n++] = (struct json){.type = JSON_STRING, .text = text};
}

static struct json titles_of(struct arena *a, const struct case_found *f)
{
    struct json list = list_of(a, f->n_alerts);
    for (size_t i = 0; i < f->n_alerts; i++)
        push_text(&list, f->alerts[i]->name);
    return list;
}

static struct json severities_of(struct arena *a, const struct case_found *f)
{
    struct json list = list_of(a, f->n_alerts);
    for (size_t i = 0; i < f->n_alerts; i++)
        push_text(&list, str_from(rule_severity_name(f->alerts[i]->severity)));
    return list;
}

/* Of all alerts, equal ones once; without their running numbers. */
static struct json entities_of(struct arena *a, const struct case_found *f)
{
    VEC(struct json) all = {0};
    struct map *known = map_new(a, false);
    for (size_t i = 0; i < f->n_alerts; i++) {
        struct json list = {0};
        if (!json_parse(a, f->alerts[i]->entities, NULL, &list, NULL))
            continue;
        for (size_t k = 0; k < list.n; k++) {
            struct json x = {.type = JSON_OBJECT};
            x.items = arena_array(a, struct json, list.items[k].n + 1);
            x.keys = arena_array(a, struct str, list.items[k].n + 1);
            for (size_t j = 0; j < list.items[k].n; j++) {
                if (str_eqz(list.items[k].keys[j], "$id"))
                    continue;
                x.keys[x.n] = list.items[k].keys[j];
                x.items[x.n++] = list.items[k].items[j];
            }
            if (map_put(known, shown(a, &x), a) == NULL)
                VEC_PUSH(a, &all, x);
        }
    }
    return (struct json){.type = JSON_ARRAY, .n = all.n, .items = all.p};
}

/* ---- the members of expect ---- */

struct comparing {
    const struct case_found *found;
    struct matching m;
    struct case_diffs *d;
};
typedef void expect_fn(struct comparing *c, const char *name, const struct json *want);

static void number(struct comparing *c, const char *name, const struct json *want, size_t is)
{
    struct json found = {.type = JSON_INT, .i = (int64_t)is, .d = (double)is};
    found.text = arena_fmt(c->m.a, "%zu", is);
    if (want->type != JSON_INT || want->i != found.i)
        case_diff_wrong(c->d, name, shown(c->d->a, want), found.text);
}

static void expect_alerts(struct comparing *c, const char *name, const struct json *want)
{
    number(c, name, want, c->found->n_alerts);
}

static void expect_rows(struct comparing *c, const char *name, const struct json *want)
{
    number(c, name, want, c->found->n_rows);
}

static void expect_incidents(struct comparing *c, const char *name, const struct json *want)
{
    number(c, name, want, c->found->incidents);
}

static void text(struct comparing *c, const char *name, const struct json *want, struct str is)
{
    if (want->type != JSON_STRING || !str_eq(want->text, is))
        case_diff_wrong(c->d, name, shown(c->d->a, want), is);
}

static const struct detect_alert *first_alert(const struct comparing *c)
{
    static const struct detect_alert none = {0};
    return c->found->n_alerts > 0 ? c->found->alerts[0] : &none;
}

static void expect_title(struct comparing *c, const char *name, const struct json *want)
{
    text(c, name, want, first_alert(c)->name);
}

static void expect_description(struct comparing *c, const char *name, const struct json *want)
{
    text(c, name, want, first_alert(c)->description);
}

static void expect_severity(struct comparing *c, const char *name, const struct json *want)
{
    text(c, name, want,
         c->found->n_alerts > 0 ? str_from(rule_severity_name(first_alert(c)->severity)) : STR(""));
}

static void expect_titles(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = titles_of(c->m.a, c->found);
    compare_lists(c->d, &c->m, name, want, &is, LIST_EXACT);
}

static void expect_severities(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = severities_of(c->m.a, c->found);
    compare_lists(c->d, &c->m, name, want, &is, LIST_EXACT);
}

static void expect_entities(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = entities_of(c->m.a, c->found);
    compare_lists(c->d, &c->m, name, want, &is, LIST_SOME);
}

static void expect_entities_exactly(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = entities_of(c->m.a, c->found);
    compare_lists(c->d, &c->m, name, want, &is, LIST_EXACT);
}

static struct json found_rows(const struct comparing *c)
{
    return (struct json){.type = JSON_ARRAY, .n = c->found->n_rows, .items = c->found->rows};
}

static void expect_result(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = found_rows(c);
    compare_lists(c->d, &c->m, name, want, &is, LIST_SOME);
}

static void expect_result_exactly(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = found_rows(c);
    compare_lists(c->d, &c->m, name, want, &is, LIST_EXACT);
}

static void expect_result_ordered(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = found_rows(c);
    compare_lists(c->d, &c->m, name, want, &is, LIST_ORDERED);
}

static void expect_members(struct comparing *c, const char *name, const struct json *want,
                           const struct json *is)
{
    for (size_t i = 0; i < want->n; i++) {
        const struct json *v = json_get_str(is, want->keys[i]);
        if (!same(&c->m, &want->items[i], v, is_set(&c->m, want->keys[i])))
            case_diff_wrong(c->d, arena_fmt(c->d->a, "%s.%.*s", name, STR_ARG(want->keys[i])).p,
                            shown(c->d->a, &want->items[i]), shown(c->d->a, v));
    }
}

static void expect_columns(struct comparing *c, const char *name, const struct json *want)
{
    static const struct json none = {.type = JSON_OBJECT};
    expect_members(c, name, want, c->found->n_rows > 0 ? &c->found->rows[0] : &none);
}

static void expect_custom_details(struct comparing *c, const char *name, const struct json *want)
{
    struct json is = {.type = JSON_OBJECT};
    struct str details = first_alert(c)->custom_details;
    if (details.n > 0 && !json_parse(c->m.a, details, NULL, &is, NULL))
        is = (struct json){.type = JSON_OBJECT};
    expect_members(c, name, want, &is);
}

static void expect_list_text(struct comparing *c, const char *name, const struct json *want,
                             struct str list)
{
    struct json is = {.type = JSON_ARRAY};
    if (list.n > 0 && !json_parse(c->m.a, list, NULL, &is, NULL))
        is = (struct json){.type = JSON_ARRAY};
    compare_lists(c->d, &c->m, name, want, &is, LIST_EXACT);
}

static void expect_tactics(struct comparing *c, const char *name, const struct json *want)
{
    expect_list_text(c, name, want, first_alert(c)->tactics);
}

static void expect_techniques(struct comparing *c, const char *name, const struct json *want)
{
    expect_list_text(c, name, want, first_alert(c)->techniques);
}

static void expect_not(struct comparing *c, const char *name, const struct json *want)
{
    for (size_t i = 0; i < want->n; i++) {
        struct json is = {0};
        if (str_eqz(want->keys[i], "titles"))
            is = titles_of(c->m.a, c->found);
        else if (str_eqz(want->keys[i], "entities"))
            is = entities_of(c->m.a, c->found);
        else if (str_eqz(want->keys[i], "result"))
            is = found_rows(c);
        else {
            case_diff_add(c->d, "%s.%.*s: not known; titles, entities or result expected", name,
                          STR_ARG(want->keys[i]));
            continue;
        }
        compare_lists(c->d, &c->m, arena_fmt(c->d->a, "%s.%.*s", name, STR_ARG(want->keys[i])).p,
                      &want->items[i], &is, LIST_NONE);
    }
}

static const struct {
    const char *name;
    expect_fn *fn; /* NULL: read elsewhere */
} members[] = {
    {"alerts", expect_alerts},
    {"rows", expect_rows},
    {"incidents", expect_incidents},
    {"title", expect_title},
    {"titles", expect_titles},
    {"description", expect_description},
    {"severity", expect_severity},
    {"severities", expect_severities},
    {"tactics", expect_tactics},
    {"techniques", expect_techniques},
    {"entities", expect_entities},
    {"entitiesExactly", expect_entities_exactly},
    {"customDetails", expect_custom_details},
    {"columns", expect_columns},
    {"result", expect_result},
    {"resultExactly", expect_result_exactly},
    {"resultInOrder", expect_result_ordered},
    {"not", expect_not},
    {"sets", NULL},
    {"fails", NULL},
};

/* What is said of the first alert holds only where there is one: the number tells. */
static bool needs_alert(const char *name)
{
    static const char *const of_first[] = {"title",   "description", "severity",
                                           "tactics", "techniques",  "customDetails"};
    for (size_t i = 0; i < COUNTOF(of_first); i++)
        if (strcmp(name, of_first[i]) == 0)
            return true;
    return false;
}

void case_compare(const struct json *expect, const struct case_found *found, struct case_diffs *d)
{
    struct comparing c = {.found = found, .m = {json_get(expect, "sets"), d->a}, .d = d};
    for (size_t i = 0; i < expect->n; i++) {
        size_t k = 0;
        while (k < COUNTOF(members) && !str_eqz(expect->keys[i], members[k].name))
            k++;
        if (k == COUNTOF(members)) {
            case_diff_add(d, "expect.%.*s: not known", STR_ARG(expect->keys[i]));
            continue;
        }
        if (members[k].fn == NULL || (needs_alert(members[k].name) && found->n_alerts == 0 &&
                                      json_get(expect, "alerts") != NULL))
            continue;
        members[k].fn(&c, members[k].name, &expect->items[i]);
    }
}
