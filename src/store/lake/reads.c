/* Parts as the database reads them for queries: lists of parts by number, which FROM items name,
 * and the opening and reading of their files. The database looks at no path of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/lake/remote_priv.h"

/* Of so many parts behind one that is read their ends are asked for: a thread of the database waits
 * for one after the other else. */
enum { AHEAD = 8 };

/* What a query has fetched for its lists; lives as long as one of them. */
struct lake_budget {
    size_t refs; /* under reads.lock */
    _Atomic int64_t fetched;
};
struct lake_list {
    struct lake_reads *reads;
    struct lake_budget *budget;
    uint64_t number;
    size_t refs;              /* under reads.lock: whose it is, and files that are open */
    struct lake_part **parts; /* by min_time, then id; of a view that stays until it is closed */
    size_t n;
    struct lake_remote_file **ahead; /* parts whose ends were asked for; the others NULL */
    size_t looked;                   /* under reads.lock: up to where that was done */
    struct lake_list *next;
};
struct lake_reads {
    struct engine_file_calls calls;
    struct lock lock; /* lists, their references, last */
    struct lake_list *lists;
    uint32_t last; /* number that was given */
    size_t open;   /* files */
    struct cond closed;
};
struct lake_file {
    struct lake_list *list;
    struct lake_part *part;          /* with a reference */
    int fd;                          /* -1: the part is not here */
    struct lake_remote_file *remote; /* then */
};

/* ---- lists ---- */

static void list_unref(struct lake_list *x)
{
    struct lake_reads *r = x->reads;
    lock_take(&r->lock);
    bool last = --x->refs == 0, last_of_all = last && --x->budget->refs == 0;
    lock_drop(&r->lock);
    if (!last)
        return;
    for (size_t i = 0; i < x->looked; i++)
        if (x->ahead[i] != NULL)
            lake_remote_file_close(x->ahead[i]);
    if (last_of_all)
        xfree(x->budget);
    xfree(x->ahead);
    xfree(x->parts);
    xfree(x);
}

static struct lake_list *find_locked(const struct lake_reads *r, uint64_t number)
{
    struct lake_list *x = r->lists;
    while (x != NULL && x->number != number)
        x = x->next;
    return x;
}

struct lake_list *lake_list_open(struct lake_reads *r, const struct lake_list *with,
                                 struct lake_part *const *parts, size_t n)
{
    struct lake_list *x = xcalloc(1, sizeof(*x));
    x->budget = with != NULL ? with->budget : xcalloc(1, sizeof(struct lake_budget));
    x->reads = r;
    x->refs = 1;
    x->n = n;
    x->parts = xcalloc(n + 1, sizeof(struct lake_part *));
    memcpy(x->parts, parts, n * sizeof(struct lake_part *));
    x->ahead = xcalloc(n + 1, sizeof(struct lake_remote_file *));
    lock_take(&r->lock);
    do {
        r->last++;
    } while (r->last == 0 || find_locked(r, r->last) != NULL);
    x->number = r->last;
    x->budget->refs++;
    x->next = r->lists;
    r->lists = x;
    lock_drop(&r->lock);
    return x;
}

void lake_list_close(struct lake_list *x)
{
    struct lake_reads *r = x->reads;
    lock_take(&r->lock);
    struct lake_list **at = &r->lists;
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    lock_drop(&r->lock);
    list_unref(x);
}

uint64_t lake_list_number(const struct lake_list *x)
{
    return x->number;
}

static void *list_find(void *self, uint64_t number)
{
    struct lake_reads *r = self;
    lock_take(&r->lock);
    struct lake_list *x = find_locked(r, number);
    if (x != NULL)
        x->refs++;
    lock_drop(&r->lock);
    return x;
}

static void list_drop(void *list)
{
    list_unref(list);
}

static size_t list_count(const void *list)
{
    return ((const struct lake_list *)list)->n;
}

/* In the order of time. With the checksum, so that no other bytes are ever called the same. */
static void list_name(const void *list, size_t at, char name[ENGINE_FILE_NAME_BYTES])
{
    const struct lake_part *p = ((const struct lake_list *)list)->parts[at];
    snprintf(name, ENGINE_FILE_NAME_BYTES, "%016llx-%.*s-%08x",
             (unsigned long long)p->min_time ^ (1ULL << 63), STR_ARG(p->id), (unsigned)p->crc);
}

/* ---- files ---- */

static void file_close(void *file)
{
    struct lake_file *f = file;
    struct lake_reads *r = f->list->reads;
    if (f->fd >= 0)
        close(f->fd);
    if (f->remote != NULL)
        lake_remote_file_close(f->remote);
    lake_part_unref(f->part);
    list_unref(f->list);
    xfree(f);
    lock_take(&r->lock);
    r->open--;
    cond_broadcast(&r->closed);
    lock_drop(&r->lock);
}

static struct lake_file *file_new(struct lake_list *x, struct lake_part *part)
{
    struct lake_file *f = xcalloc(1, sizeof(*f));
    f->list = x;
    f->part = part;
    f->fd = -1;
    lock_take(&part->lake->lock);
    part->refs++;
    lock_drop(&part->lake->lock);
    lock_take(&x->reads->lock);
    x->reads->open++;
    lock_drop(&x->reads->lock);
    return f;
}

/* Each part once, by the thread that comes first. */
static void look_ahead(struct lake_list *x, size_t at)
{
    lock_take(&x->reads->lock);
    size_t from = x->looked > at ? x->looked : at + 1;
    size_t to = at + 1 + AHEAD < x->n ? at + 1 + AHEAD : x->n;
    x->looked = to > x->looked ? to : x->looked;
    lock_drop(&x->reads->lock);
    for (size_t i = from; i < to; i++) {
        struct lake_part *p = x->parts[i];
        const struct store *s = p->lake->w->s;
        const struct lake_patience patience = {.most_bytes = s->fetch_bytes,
                                               .fetched = &x->budget->fetched};
        if (!lake_is_away(p))
            continue;
        x->ahead[i] = lake_remote_file_open(s->remote, p);
        lake_remote_file_ahead(x->ahead[i], &patience);
    }
}

static void *file_open(void *self, uint64_t number, size_t at, int64_t *out_bytes, bool *out_here,
                       struct err *e)
{
    struct lake_list *x = list_find(self, number);
    if (x == NULL || at >= x->n) {
        if (x != NULL)
            list_unref(x);
        err_set(e, ERR_INTERNAL, "a part of no list is read");
        return NULL;
    }
    struct lake_file *f = file_new(x, x->parts[at]);
    struct lake_remote *r = f->part->lake->w->s->remote;
    *out_bytes = f->part->bytes;
    *out_here = !lake_is_away(f->part) || r == NULL;
    if (*out_here)
        f->fd = open(f->part->path, O_RDONLY | O_CLOEXEC);
    else
        f->remote = lake_remote_file_open(r, f->part);
    if (f->remote != NULL)
        look_ahead(x, at);
    if (f->fd >= 0 || f->remote != NULL)
        return f;
    err_errno(e, "can't open", f->part->path);
    file_close(f);
    return NULL;
}

bool lake_pread(int fd, void *to, size_t n, int64_t at, const char *path, struct err *e)
{
    char *p = to;
    while (n > 0) {
        ssize_t got = pread(fd, p, n, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(e, "can't read", path);
        if (got == 0)
            return err_set(e, ERR_IO, "%s is shorter than it was", path);
        p += got;
        n -= (size_t)got;
        at += got;
    }
    return true;
}

static bool file_read(void *file, void *to, size_t n, int64_t at, const struct engine_wait *wait,
                      struct err *e)
{
    const struct lake_file *f = file;
    const struct lake_patience p = {.wait = wait,
                                    .most_bytes = f->part->lake->w->s->fetch_bytes,
                                    .fetched = &f->list->budget->fetched};
    return f->remote != NULL ? lake_remote_file_read(f->remote, to, n, at, &p, e)
                             : lake_pread(f->fd, to, n, at, f->part->path, e);
}

/* ---- the database's side ---- */

bool lake_reads_open(struct store *s, struct err *e)
{
    struct lake_reads *r = xcalloc(1, sizeof(*r));
    lock_init(&r->lock, "reads");
    cond_init(&r->closed);
    r->calls = (struct engine_file_calls){.self = r,
                                          .list = list_find,
                                          .list_drop = list_drop,
                                          .list_count = list_count,
                                          .list_name = list_name,
                                          .open = file_open,
                                          .read = file_read,
                                          .close = file_close};
    s->reads = r;
    return engine_files_open(s->engine, &r->calls, e);
}

/* The database does not wait for threads that are in the middle of a query that was stopped. */
void lake_reads_wait(struct lake_reads *r)
{
    if (r == NULL)
        return;
    lock_take(&r->lock);
    while (r->open > 0)
        cond_wait(&r->closed, &r->lock);
    lock_drop(&r->lock);
}

void lake_reads_close(struct lake_reads *r)
{
    if (r == NULL)
        return;
    CHECK(r->lists == NULL);
    cond_fini(&r->closed);
    lock_fini(&r->lock);
    xfree(r);
}
