/* The index of terms beside a part: made when the part was written, or later where it is missing. A
 * part whose index is missing, damaged or switched off is read as a whole. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/lake/lake_priv.h"
#include "terms/terms.h"
#include "text/deflate.h"

enum { TERMS_MAX_SQL = 4 << 20, MEMORY_BYTES = 256 << 20, RETRY_US = 600000000 };
#define MAX_INDEX_BYTES ((size_t)1 << 30)
/* Of the parts' bytes, in hundredths, that filters may take; of one part, while the others leave it
 * so much; those of a small row group. */
enum { PERCENT = 7, MOST_PERCENT = 15, SMALL_BYTES = 16 << 10 };

char *lake_terms_path(struct arena *a, const char *part_path)
{
    struct str path = str_from(part_path);
    size_t end = path.n - (str_ends(path, STR(".parquet")) ? strlen(".parquet") : 0);
    return arena_strz(a, arena_fmt(a, "%.*s" LAKE_TERMS_END, (int)end, path.p));
}

/* ---- making ---- */

struct maker {
    struct lake *l;
    const struct lake_part *p;
    struct terms_builder *b;
    struct sbuf columns; /* SQL */
    size_t n;
    uint32_t *rows; /* of the file's row groups */
    size_t n_groups;
    int64_t percent; /* of the part's bytes that filters may take */
};

static bool is_text(const struct lake_column *c)
{
    return c->type == KQL_STRING || c->type == KQL_DYNAMIC;
}

static void list_columns(struct maker *m, struct arena *a)
{
    const struct lake_shape *s = m->p->shape;
    struct terms_column *cols = arena_array(a, struct terms_column, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        if (!is_text(&s->cols[i]))
            continue;
        sbuf_addz(&m->columns, m->n > 0 ? ", " : "");
        sql_ident(&m->columns, s->cols[i].phys);
        cols[m->n++] = (struct terms_column){s->cols[i].phys, s->cols[i].type == KQL_DYNAMIC};
    }
    m->b = terms_builder_new(cols, m->n, MEMORY_BYTES);
}

/* Tables of long texts need far less than their share, those of few rows with identifiers more. */
static int64_t percent_of(struct lake *l, const struct lake_part *p)
{
    int64_t spare = 0;
    struct lake_view *v = lake_view_take(l);
    lock_take(&l->lock);
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->tables[i].n; k++) {
            const struct lake_part *other = v->tables[i].parts[k];
            if (other != p && other->terms_bytes > 0)
                spare += other->bytes * PERCENT / 100 - other->terms_bytes;
        }
    lock_drop(&l->lock);
    lake_view_drop(v);
    int64_t most = p->bytes * (MOST_PERCENT - PERCENT) / 100;
    if (spare <= 0 || p->bytes == 0)
        return PERCENT;
    return PERCENT + (spare < most ? spare : most) * 100 / p->bytes;
}

static bool find_groups(struct maker *m, struct arena *a, struct err *e)
{
    if (m->p->rows <= m->l->w->s->lake.row_group) {
        m->rows = arena_array(a, uint32_t, 1);
        m->rows[0] = (uint32_t)m->p->rows;
        m->n_groups = 1;
        return true;
    }
    struct kql_column c[] = {{STR("id"), KQL_LONG}, {STR("rows"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(TERMS_MAX_SQL);
    sbuf_addz(&sql, "SELECT row_group_id, any_value(row_group_num_rows) FROM parquet_metadata(");
    sql_text(&sql, str_from(m->p->path));
    sbuf_addz(&sql, ") GROUP BY 1 ORDER BY 1");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(m->l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    m->n_groups = engine_rows_count(rows);
    m->rows = arena_array(a, uint32_t, m->n_groups + 1);
    int64_t sum = 0;
    for (size_t i = 0; i < m->n_groups; i++) {
        m->rows[i] = (uint32_t)engine_rows_get(rows, i, 1).i;
        sum += m->rows[i];
    }
    engine_rows_free(rows);
    return sum == m->p->rows ? true : err_set(e, ERR_INTERNAL, "its row groups are not all there");
}

static void add_value(void *self, size_t col, struct str value)
{
    terms_builder_add(((struct maker *)self)->b, col, value);
}

static bool read_group(struct maker *m, int64_t first, uint32_t rows, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(TERMS_MAX_SQL);
    const struct engine_texts texts = {m, add_value};
    sbuf_addz(&sql, "SELECT ");
    sbuf_add(&sql, sbuf_str(&m->columns));
    sbuf_addz(&sql, " FROM read_parquet(");
    sql_text(&sql, str_from(m->p->path));
    sbuf_addz(&sql, ", file_row_number = true)");
    int64_t end = first + rows;
    if (m->n_groups > 1)
        sbuf_addf(&sql, " WHERE file_row_number >= %lld AND file_row_number < %lld",
                  (long long)first, (long long)end);
    if (!sbuf_ok(&sql))
        return err_set(e, ERR_LIMIT, "it has too many columns");
    if (m->n > 0 && !engine_conn_texts(m->l->conn, sbuf_str(&sql), &texts, e))
        return false;
    int64_t share = m->p->bytes * rows / (m->p->rows > 0 ? m->p->rows : 1);
    int64_t budget = share * m->percent / 100;
    terms_builder_end_group(m->b, rows, (size_t)(budget > SMALL_BYTES ? budget : SMALL_BYTES));
    return true;
}

static bool write_file(const char *path, struct str bytes, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(e, "can't make", path);
    bool ok = true;
    while (ok && bytes.n > 0) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        ok = n > 0;
        bytes = str_sub(bytes, ok ? (size_t)n : 0, bytes.n);
    }
    if (close(fd) != 0)
        ok = false;
    return ok || err_errno(e, "can't write", path);
}

/* Without fsync: what a crash of the machine tears is found by its checksum and made anew. */
static bool put_in_place(struct arena *a, const struct lake_part *p, struct str bytes,
                         struct err *e)
{
    const char *path = lake_terms_path(a, p->path), *tmp = arena_fmt(a, "%s.tmp", path).p;
    bool ok =
        write_file(tmp, bytes, e) && (rename(tmp, path) == 0 || err_errno(e, "can't name", path));
    if (!ok)
        (void)unlink(tmp);
    return ok;
}

static bool make(struct lake *l, const struct lake_part *p, int64_t *out_bytes, uint32_t *out_crc,
                 struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make(MAX_INDEX_BYTES);
    struct maker m = {
        .l = l, .p = p, .columns = sbuf_make(TERMS_MAX_SQL), .percent = percent_of(l, p)};
    list_columns(&m, a);
    bool ok = find_groups(&m, a, e);
    int64_t first = 0;
    for (size_t i = 0; ok && i < m.n_groups; first += m.rows[i++])
        ok = read_group(&m, first, m.rows[i], e);
    if (ok && !terms_builder_finish(m.b, &bytes))
        ok = err_set(e, ERR_LIMIT, "its index would pass %zu MiB", MAX_INDEX_BYTES >> 20);
    ok = ok && put_in_place(a, p, sbuf_str(&bytes), e);
    *out_bytes = (int64_t)bytes.n;
    *out_crc = ok ? crc32_more(0, sbuf_str(&bytes)) : 0;
    terms_builder_free(m.b);
    sbuf_fini(&m.columns);
    return ok;
}

static bool make_it(struct lake *l, struct lake_part *p, int64_t *bytes, uint32_t *crc)
{
    struct err e = {0};
    if (make(l, p, bytes, crc, &e))
        return true;
    LOG(LOG_WARN, "lake", "a part has no index of terms; it is read without, and tried again later",
        log_s("workspace", l->w->name), log_z("part", p->path), log_z("reason", e.msg));
    lock_take(&l->lock);
    p->index_retry_us = clock_mono_us() + RETRY_US;
    lock_drop(&l->lock);
    return false;
}

void lake_terms_make(struct lake *l, struct lake_part *p)
{
    int64_t bytes = 0;
    uint32_t crc = 0;
    if (l->w->s->lake.no_term_index || !make_it(l, p, &bytes, &crc))
        return;
    lock_take(&l->lock);
    p->terms_bytes = bytes;
    p->terms_crc = crc;
    lock_drop(&l->lock);
}

/* ---- mending ---- */

/* NULL: none lacks it. */
static struct lake_part *next_without(struct lake *l, const struct lake_view *v)
{
    int64_t now = clock_mono_us();
    struct lake_part *found = NULL;
    lock_take(&l->lock);
    for (size_t i = 0; i < v->n && found == NULL; i++)
        for (size_t k = 0; k < v->tables[i].n && found == NULL; k++) {
            struct lake_part *p = v->tables[i].parts[k];
            if (p->terms_bytes == 0 && !p->gone && p->where == LAKE_HERE &&
                now >= p->index_retry_us)
                found = p;
        }
    lock_drop(&l->lock);
    return found;
}

bool lake_terms_mend(struct lake *l)
{
    bool entered = false;
    struct lake_view *v = lake_view_take(l);
    struct lake_part *p = l->w->s->lake.no_term_index ? NULL : next_without(l, v);
    int64_t bytes = 0;
    uint32_t crc = 0;
    struct err e = {0};
    if (p != NULL && !lake_pin_here(p)) /* the mover fetches the index of one that is away */
        p = NULL;
    bool made = p != NULL && make_it(l, p, &bytes, &crc);
    if (p != NULL)
        lake_unpin(&p, 1);
    if (made) {
        entered = lake_manifest_terms(l, p, bytes, crc, &e);
        lock_take(&l->lock);
        p->terms_bytes = entered ? bytes : 0;
        p->terms_crc = crc;
        p->index_retry_us = clock_mono_us() + RETRY_US;
        lock_drop(&l->lock);
        LOG(entered ? LOG_INFO : LOG_WARN, "lake",
            entered ? "a part got its index of terms" : "an index of terms was not entered",
            log_s("workspace", l->w->name), log_z("part", p->path), log_z("reason", e.msg));
    }
    lake_view_drop(v);
    return entered;
}

bool lake_terms_verify(const struct lake_part *p, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    lock_take(&p->lake->lock);
    int64_t wanted = p->terms_bytes, bytes = 0;
    uint32_t wanted_crc = p->terms_crc, crc = 0;
    lock_drop(&p->lake->lock);
    if (wanted == 0 || p->lake->w->s->lake.no_term_index)
        return true;
    const char *path = lake_terms_path(a, p->path);
    if (!lake_file_crc(path, &crc, &bytes, e))
        return false;
    return (bytes == wanted && crc == wanted_crc) ||
           err_set(e, ERR_IO, "%s is not what was written", path);
}

void lake_terms_distrust(struct lake_part *p, const struct err *why)
{
    struct lake *l = p->lake;
    lock_take(&l->lock);
    bool first = p->terms_bytes > 0;
    p->terms_bytes = 0;
    p->index_retry_us = 0;
    lake_index_forget_locked(p);
    lock_drop(&l->lock);
    if (first)
        LOG(LOG_WARN, "lake",
            "an index of terms is damaged; its part is read without until it is "
            "made anew",
            log_s("workspace", l->w->name), log_z("part", p->path), log_z("reason", why->msg));
}
