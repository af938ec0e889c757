/* The daily cap of a workspace: what may be stored of billable tables in a day (UTC). Beyond it
 * requests are refused, not dropped; tables that Azure never stops go on, syslog among them, whose
 * senders nobody could answer. */
#include <stdio.h>

#include "store/store_priv.h"

struct cap {
    struct lock lock; /* everything below */
    int64_t quota;    /* bytes; < 0: none */
    int64_t tenants;  /* of all workspaces of its tenant together; < 0: none */
    int64_t day;      /* since 0001-01-01 that bytes is of */
    uint64_t bytes;
};

struct cap *cap_new(void)
{
    struct cap *c = xcalloc(1, sizeof(*c));
    lock_init(&c->lock, "cap");
    c->quota = c->tenants = -1;
    return c;
}

void cap_free(struct cap *c)
{
    if (c == NULL)
        return;
    lock_fini(&c->lock);
    xfree(c);
}

/* "Manage the daily cap": data types that go on when it is reached. */
static const char *const exempt[] = {"CommonSecurityLog",
                                     "LinuxAuditLog",
                                     "MaliciousIPCommunication",
                                     "ProtectionStatus",
                                     "SecurityAlert",
                                     "SecurityBaseline",
                                     "SecurityBaselineSummary",
                                     "SecurityDetection",
                                     "SecurityEvent",
                                     "Syslog",
                                     "SysmonEvent",
                                     "Update",
                                     "UpdateSummary",
                                     "WindowsEvent",
                                     "WindowsFirewall"};

static bool is_exempt(struct str table)
{
    for (size_t i = 0; i < COUNTOF(exempt); i++)
        if (str_eqz(table, exempt[i]))
            return true;
    return false;
}

static void turn_locked(struct cap *c, int64_t now)
{
    if (now / TICKS_PER_DAY == c->day)
        return;
    c->day = now / TICKS_PER_DAY;
    c->bytes = 0;
}

void cap_add(struct workspace *w, const struct store_count *count, int64_t now)
{
    if (count->billed == 0 || !workspace_table_is_billable(w, count->table))
        return;
    lock_take(&w->cap->lock);
    turn_locked(w->cap, now);
    w->cap->bytes += count->billed;
    lock_drop(&w->cap->lock);
}

struct store_cap workspace_cap(struct workspace *w)
{
    int64_t now = clock_now(w->s->clock);
    lock_take(&w->cap->lock);
    turn_locked(w->cap, now);
    struct store_cap out = {w->cap->quota, w->cap->bytes, w->cap->day * TICKS_PER_DAY};
    lock_drop(&w->cap->lock);
    return out;
}

void workspace_cap_set(struct workspace *w, int64_t quota)
{
    lock_take(&w->cap->lock);
    w->cap->quota = quota;
    lock_drop(&w->cap->lock);
}

void workspace_cap_start(struct workspace *w, int64_t day_start, uint64_t bytes)
{
    lock_take(&w->cap->lock);
    w->cap->day = day_start / TICKS_PER_DAY;
    w->cap->bytes = bytes;
    lock_drop(&w->cap->lock);
}

void store_tenant_cap_set(struct store *s, struct str tenant, int64_t quota)
{
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(s, i)) != NULL; i++) {
        if (!str_ieq(w->tenant, tenant))
            continue;
        lock_take(&w->cap->lock);
        w->cap->tenants = quota;
        lock_drop(&w->cap->lock);
    }
}

static uint64_t tenant_bytes(struct workspace *own)
{
    struct workspace *w = NULL;
    uint64_t bytes = 0;
    for (size_t i = 0; (w = store_workspace_at(own->s, i)) != NULL; i++)
        if (str_ieq(w->tenant, own->tenant))
            bytes += workspace_cap(w).bytes;
    return bytes;
}

static int64_t tenant_quota(struct workspace *w)
{
    lock_take(&w->cap->lock);
    int64_t quota = w->cap->tenants;
    lock_drop(&w->cap->lock);
    return quota;
}

static bool is_stopped(struct workspace *w, struct str table)
{
    return !is_exempt(table) && workspace_table_is_billable(w, table);
}

bool cap_check(struct workspace *w, const struct store_append *req, struct err *e)
{
    struct store_cap cap = workspace_cap(w);
    int64_t of_tenant = tenant_quota(w);
    bool own = cap.quota >= 0 && cap.bytes >= (uint64_t)cap.quota;
    if (!own && of_tenant >= 0)
        cap = (struct store_cap){of_tenant, tenant_bytes(w), 0};
    if (req->beyond_cap || (!own && (of_tenant < 0 || cap.bytes < (uint64_t)of_tenant)))
        return true;
    for (size_t i = 0; i < req->n_counts; i++) {
        if (req->counts[i].stored == 0 || !is_stopped(w, req->counts[i].table))
            continue;
        err_set(e, ERR_BUSY,
                "The daily cap of %s '%.*s' is reached: %llu of %lld bytes. Nothing of the request "
                "was stored; send it again after 00:00 UTC.",
                own ? "workspace" : "the tenant of workspace", STR_ARG(w->name),
                (unsigned long long)cap.bytes, (long long)cap.quota);
        err_hint(e, !own ? "limits.dailyMegabytes of the tenant raises it"
                         : "workspaceCapping.dailyQuotaGb of the workspace raises it");
        if (e != NULL)
            (void)err_kind(e, STORE_OVER_QUOTA);
        return false;
    }
    return true;
}

bool store_is_over_quota(const struct err *e)
{
    return e->code == ERR_BUSY && strcmp(e->kind, STORE_OVER_QUOTA) == 0;
}
