/* Opening and closing one workspace: store.c uses workspace.c through this. */
#pragma once
#include "store/store_priv.h"

bool workspace_name_ok(struct str name);
/* What workspace.json says. */
struct workspace_file {
    struct store_place place;
    int64_t deleted; /* ticks; 0: it is not */
    bool purged;     /* its folder is to go */
};
bool workspace_file_write(const char *dir, const struct workspace_file *f, struct err *e) MUST_USE;
bool workspace_file_read(struct arena *a, const char *dir, struct workspace_file *out,
                         struct err *e) MUST_USE;
struct workspace *workspace_open(struct store *s, const char *dir, const struct store_place *p,
                                 struct err *e) MUST_USE;
void workspace_close(struct workspace *w);
/* Takes the rows of all tables away; for one that nobody finds any more. */
bool workspace_empty(struct workspace *w, struct err *e) MUST_USE;

/* ---- workspaces.c ---- */
/* Opens the workspace of that folder, or finishes what a crash or a purge left of it. */
bool workspaces_open_one(struct store *s, const char *name, struct err *e) MUST_USE;

/* ---- store.c ---- */
bool store_make_dir(const char *path, struct err *e) MUST_USE;
