/* Finds the folder of what ships with the program. */
#include "base/content.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_EXE_PATH = 4096 };

static bool is_there(struct arena *a, struct str top, const char *name, struct str *out)
{
    struct str path = arena_fmt(a, "%.*s/%s", (int)top.n, top.p, name);
    if (access(path.p, R_OK) != 0)
        return false;
    *out = path;
    return true;
}

/* /usr/local/bin/vedette gives /usr/local/share/vedette/NAME; empty when /proc is not mounted. */
static struct str beside_program(struct arena *a, const char *name)
{
    char exe[MAX_EXE_PATH];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe));
    if (n <= 0 || (size_t)n >= sizeof(exe))
        return (struct str){"", 0};
    size_t end = (size_t)n;
    for (int levels = 0; levels < 2; levels++) {
        while (end > 0 && exe[end - 1] != '/')
            end--;
        if (end == 0)
            return (struct str){"", 0};
        end--;
    }
    return arena_fmt(a, "%.*s/share/vedette/%s", (int)end, exe, name);
}

/* The value of a variable that names a folder; empty: not set. */
static struct str setting(const char *variable)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment */
    return str_from(getenv(variable));
}

bool content_find(struct arena *a, const char *name, struct str *out, struct err *e)
{
    struct str set = setting("VEDETTE_CONTENT");
    if (set.n > 0) {
        if (is_there(a, set, name, out))
            return true;
        err_set(e, ERR_NOT_FOUND, "there is no readable '%s' in '%s' (VEDETTE_CONTENT)", name,
                set.p);
        err_hint(e, "set VEDETTE_CONTENT to the folder that holds rules/, or unset it");
        return false;
    }
    struct str installed = beside_program(a, "content");
    struct str source = STR(VEDETTE_SOURCE_CONTENT);
    if (installed.n > 0 && is_there(a, installed, name, out))
        return true;
    if (is_there(a, source, name, out))
        return true;
    err_set(e, ERR_NOT_FOUND, "the content folder '%s' is neither in '%.*s' nor in '%s'", name,
            (int)installed.n, installed.p, VEDETTE_SOURCE_CONTENT);
    err_hint(e, "set VEDETTE_CONTENT to the folder that holds rules/");
    return false;
}

bool content_portal(struct arena *a, struct str *out, struct err *e)
{
    struct str set = setting("VEDETTE_PORTAL_DIR"), index = STR_NONE;
    struct str places[] = {beside_program(a, "portal"), STR(VEDETTE_SOURCE_PORTAL)};
    if (set.n > 0) {
        if (!is_there(a, set, "index.html", &index))
            return err_set(e, ERR_NOT_FOUND, "there is no index.html in '%s' (VEDETTE_PORTAL_DIR)",
                           set.p);
        *out = set;
        return true;
    }
    for (size_t i = 0; i < COUNTOF(places); i++) {
        if (places[i].n == 0 || !is_there(a, places[i], "index.html", &index))
            continue;
        *out = places[i];
        return true;
    }
    return err_set(e, ERR_NOT_FOUND, "the portal is neither in '%.*s' nor in '%s'",
                   STR_ARG(places[0]), VEDETTE_SOURCE_PORTAL);
}
