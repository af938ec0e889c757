/* Properties of an alert that a row gives (alertDynamicProperties). What a cell holds has to fit
 * the property; else the rule's own value stays, as when the cell is empty. */
#include "detect/detect_priv.h"

enum { SINGLE_BYTES = 256, LIST_BYTES = 5 << 10, LIST_VALUES = 50 };

/* The column that the rule names for the property, in the row; empty: none. */
static struct str given(struct evaluation *ev, const char *name, size_t row)
{
    for (size_t i = 0; i < ev->r->n_properties; i++)
        if (str_eqz(ev->r->properties[i].key, name))
            return str_trim(cell(ev, row, ev->r->properties[i].column));
    return STR("");
}

static void refuse(struct evaluation *ev, const char *name, const char *why)
{
    evaluation_issue(ev, "alert property '%s': %s; the rule's own value is kept", name, why);
}

struct str property_text(struct evaluation *ev, const char *name, size_t row, struct str otherwise)
{
    struct str s = cut(given(ev, name, row), SINGLE_BYTES);
    return s.n > 0 ? s : otherwise;
}

struct str property_confidence(struct evaluation *ev, size_t row)
{
    static const char *const levels[] = {"Low", "High", "Unknown"};
    struct str s = given(ev, "ConfidenceLevel", row);
    for (size_t i = 0; i < COUNTOF(levels); i++)
        if (str_ieqz(s, levels[i]))
            return str_from(levels[i]);
    if (s.n > 0)
        refuse(ev, "ConfidenceLevel", "it is none of Low, High and Unknown");
    return STR("");
}

bool property_score(struct evaluation *ev, size_t row, double *out)
{
    struct str s = given(ev, "ConfidenceScore", row);
    if (s.n == 0)
        return false;
    if (str_to_f64(s, out) && *out >= 0 && *out <= 1)
        return true;
    refuse(ev, "ConfidenceScore", "it is no number from 0 to 1");
    return false;
}

/* The elements of an array, or of a list with commas. */
static const struct json *elements(struct arena *a, struct str text, bool commas, size_t *out_n)
{
    struct json *v = arena_array(a, struct json, 1);
    if (text.n > 0 && text.p[0] == '[' && json_parse(a, text, NULL, v, NULL)) {
        *out_n = v->n;
        return v->items;
    }
    struct json *items = NULL;
    size_t n = 0;
    while (text.n > 0) {
        size_t at = text.n;
        if (commas)
            (void)str_find(text, STR(","), &at);
        struct json *more = arena_array(a, struct json, n + 1);
        if (n > 0)
            memcpy(more, items, n * sizeof(*more));
        items = more;
        items[n++] = (struct json){.type = JSON_STRING, .text = str_trim(str_sub(text, 0, at))};
        text = str_sub(text, at < text.n ? at + 1 : at, text.n);
    }
    *out_n = n;
    return items;
}

struct str property_list(struct evaluation *ev, const char *name, size_t row)
{
    size_t n = 0;
    const struct json *items = elements(ev->a, given(ev, name, row), false, &n);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    if (n == 0)
        return STR("");
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        json_value(&w, &items[i]);
    json_arr_end(&w);
    if (n <= LIST_VALUES && b.n <= LIST_BYTES)
        return arena_str(ev->a, sbuf_str(&b));
    refuse(ev, name, "it has more than 50 values or 5 KB");
    return STR("");
}

static void add(struct arena *a, struct strs *list, struct str s)
{
    for (size_t i = 0; i < list->n; i++)
        if (str_eq(list->p[i], s))
            return;
    struct str *p = arena_array(a, struct str, list->n + 1);
    if (list->n > 0)
        memcpy(p, list->p, list->n * sizeof(*p));
    p[list->n++] = s;
    list->p = p;
}

/* T1234 goes to techniques, T1234.001 to both. false: one of them has another form. */
static bool sort_techniques(struct evaluation *ev, const char *name, size_t row,
                            struct strs *techniques, struct strs *subtechniques)
{
    size_t n = 0;
    const struct json *items = elements(ev->a, given(ev, name, row), true, &n);
    bool fits = n <= LIST_VALUES;
    for (size_t i = 0; fits && i < n; i++) {
        struct str t = str_trim(json_text(&items[i], STR("")));
        fits = mitre_technique_form(t);
        if (!fits)
            break;
        add(ev->a, techniques, str_sub(t, 0, 5));
        if (t.n > 5)
            add(ev->a, subtechniques, t);
    }
    if (!fits)
        refuse(ev, name, "it is no list of at most 50 techniques, T1234 or T1234.001");
    return fits;
}

void property_techniques(struct evaluation *ev, size_t row, struct strs *techniques,
                         struct strs *subtechniques)
{
    struct strs t = {0}, s = {0};
    bool fits = sort_techniques(ev, "Techniques", row, &t, &s) &&
                sort_techniques(ev, "SubTechniques", row, &t, &s);
    if (!fits || t.n == 0)
        return;
    *techniques = t;
    *subtechniques = s;
}
