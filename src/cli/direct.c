/* The store of a data folder in this process. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/direct.h"

#include "base/ids.h"
#include "base/log.h"

static struct workspace *pick(struct direct *d, struct str workspace, bool make, struct err *e)
{
    struct workspace *w = workspace.n > 0 ? store_workspace_find(d->store, workspace)
                                          : store_workspace_at(d->store, 0);
    if (w != NULL)
        return w;
    if (workspace.n > 0) {
        err_set(e, ERR_NOT_FOUND, "there is no workspace '%.*s'", STR_ARG(workspace));
        return NULL;
    }
    if (!make) {
        err_set(e, ERR_NOT_FOUND, "the data folder has no workspace yet");
        err_hint(e, "'vedette serve' and 'vedette ingest' make one");
        return NULL;
    }
    char id[37];
    guid_format(guid_new(), id);
    return store_workspace_create(d->store, str_from(id), STR("default"), e);
}

bool direct_open(struct direct *d, const char *data, struct str workspace, bool make, struct err *e)
{
    memset(d, 0, sizeof(*d));
    data = data != NULL ? data : getenv("VEDETTE_DATA");
    if (data == NULL)
        return err_set(e, ERR_INVALID, "which data folder? give --data DIR or set VEDETTE_DATA");
    log_setup(LOG_WARN, 2);
    d->clock = clock_new_system();
    struct store_options o = {.data_dir = data, .clock = d->clock};
    d->store = store_open(&o, e);
    if (d->store != NULL)
        d->workspace = pick(d, workspace, make, e);
    if (d->workspace != NULL)
        return true;
    direct_close(d);
    return false;
}

void direct_close(struct direct *d)
{
    store_close(d->store);
    if (d->clock != NULL)
        clock_free(d->clock);
    memset(d, 0, sizeof(*d));
}

void direct_complain(const char *command, const struct err *e)
{
    fprintf(stderr, "vedette %s: ", command);
    if (e->pos.line > 0)
        fprintf(stderr, "line %u, column %u: ", e->pos.line, e->pos.col);
    fprintf(stderr, "%s\n", e->msg);
    if (e->hint[0] != '\0')
        fprintf(stderr, "  %s\n", e->hint);
}
