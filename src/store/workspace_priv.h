/* Opening and closing one workspace: store.c uses workspace.c through this. */
#pragma once
#include "store/store_priv.h"

bool workspace_name_ok(struct str name);
bool workspace_file_write(const char *dir, struct str id, struct str name, struct err *e) MUST_USE;
bool workspace_file_read(struct arena *a, const char *dir, struct str *id, struct str *name,
                         struct err *e) MUST_USE;
struct workspace *workspace_open(struct store *s, const char *dir, struct str id, struct str name,
                                 struct err *e) MUST_USE;
void workspace_close(struct workspace *w);
