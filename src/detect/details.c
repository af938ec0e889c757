/* Custom details, and texts with {{Column}} in them. */
#include "detect/detect_priv.h"

/* ---- custom details: {"Key":["value", …]} ---- */

static bool has(const struct str *values, size_t n, struct str s)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(values[i], s))
            return true;
    return false;
}

static void write_values(struct evaluation *ev, struct json_out *w, const struct rule_pair *detail,
                         struct row_range rows)
{
    struct str values[DETAIL_VALUES];
    size_t n = 0, more = 0;
    for (size_t row = rows.from; row < rows.to; row++) {
        struct str s = cell(ev, row, detail->column);
        if (s.n == 0 || has(values, n, s))
            continue;
        if (n < DETAIL_VALUES)
            values[n++] = s;
        else
            more++;
    }
    if (more > 0)
        evaluation_issue(ev, "custom detail '%.*s': only the first %d values are kept",
                         STR_ARG(detail->key), DETAIL_VALUES);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_str(w, values[i]);
    json_arr_end(w);
}

struct str custom_details_of(struct evaluation *ev, struct row_range rows)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    for (size_t i = 0; i < ev->r->n_details; i++) {
        struct json_out saved = w;
        size_t before = b.n;
        json_key_str(&w, ev->r->details[i].key);
        write_values(ev, &w, &ev->r->details[i], rows);
        if (b.n <= DETAILS_BYTES - 1)
            continue;
        b.n = before;
        w = saved;
        evaluation_issue(ev, "custom detail '%.*s' dropped: an alert holds %d bytes of them",
                         STR_ARG(ev->r->details[i].key), DETAILS_BYTES);
    }
    json_obj_end(&w);
    return arena_str(ev->a, sbuf_str(&b));
}

/* ---- formats ---- */

/* The placeholder that starts at s ("{{Name}}"): its length, or 0. */
static size_t placeholder(struct str s, struct str *name)
{
    size_t end = 0;
    if (!str_starts(s, STR("{{")) || !str_find(s, STR("}}"), &end))
        return 0;
    *name = str_trim(str_sub(s, 2, end - 2));
    return end + 2;
}

struct str fill_format(struct evaluation *ev, struct str format, size_t row, size_t max)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < format.n;) {
        struct str rest = str_sub(format, i, format.n), name = STR("");
        size_t n = placeholder(rest, &name);
        if (n > 0 && column_of(ev, name) != SIZE_MAX) {
            sbuf_add(&b, cell(ev, row, name));
            i += n;
        } else {
            sbuf_addc(&b, format.p[i++]);
        }
    }
    return arena_str(ev->a, cut(sbuf_str(&b), max));
}
