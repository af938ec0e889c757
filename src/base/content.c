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

/* /usr/local/bin/vedette gives /usr/local/share/vedette/content; empty when /proc is not mounted.
 */
static struct str beside_program(struct arena *a)
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
    return arena_fmt(a, "%.*s/share/vedette/content", (int)end, exe);
}

bool content_find(struct arena *a, const char *name, struct str *out, struct err *e)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment */
    const char *set = getenv("VEDETTE_CONTENT");
    if (set != NULL && set[0] != '\0') {
        if (is_there(a, (struct str){set, strlen(set)}, name, out))
            return true;
        err_set(e, ERR_NOT_FOUND, "there is no readable '%s' in '%s' (VEDETTE_CONTENT)", name, set);
        err_hint(e, "set VEDETTE_CONTENT to the folder that holds rules/, or unset it");
        return false;
    }
    struct str installed = beside_program(a);
    struct str source = {VEDETTE_SOURCE_CONTENT, sizeof(VEDETTE_SOURCE_CONTENT) - 1};
    if (installed.n > 0 && is_there(a, installed, name, out))
        return true;
    if (is_there(a, source, name, out))
        return true;
    err_set(e, ERR_NOT_FOUND, "the content folder '%s' is neither in '%.*s' nor in '%s'", name,
            (int)installed.n, installed.p, VEDETTE_SOURCE_CONTENT);
    err_hint(e, "set VEDETTE_CONTENT to the folder that holds rules/");
    return false;
}
