/* Files of keys, as the AWS tools have them. */
#include "s3/s3.h"
#include <stdio.h>

enum { MAX_FILE = 65536 };

static bool next_line(struct str *rest, struct str *line)
{
    size_t at = rest->n;
    if (rest->n == 0)
        return false;
    (void)str_find(*rest, STR("\n"), &at);
    *line = str_trim(str_sub(*rest, 0, at));
    *rest = str_sub(*rest, at + 1, rest->n);
    return true;
}

bool s3_credentials_read(struct arena *a, struct str text, const char *profile,
                         struct s3_credentials *out, struct err *e)
{
    struct s3_credentials found = {0};
    const struct {
        const char *name;
        struct str *to;
    } keys[] = {{"aws_access_key_id", &found.access_key},
                {"aws_secret_access_key", &found.secret_key},
                {"aws_session_token", &found.session_token}};
    struct str rest = text, line = STR("");
    bool inside = false, seen = false;
    profile = profile != NULL ? profile : "default";
    while (next_line(&rest, &line)) {
        size_t equals = 0;
        if (line.n > 1 && line.p[0] == '[' && line.p[line.n - 1] == ']') {
            inside = str_eqz(str_trim(str_sub(line, 1, line.n - 2)), profile);
            seen = seen || inside;
        }
        if (!inside || line.n == 0 || line.p[0] == '#' || !str_find(line, STR("="), &equals))
            continue;
        struct str name = str_trim(str_sub(line, 0, equals));
        for (size_t i = 0; i < COUNTOF(keys); i++)
            if (str_ieqz(name, keys[i].name))
                *keys[i].to = arena_str(a, str_trim(str_sub(line, equals + 1, line.n)));
    }
    if (!seen)
        return err_set(e, ERR_NOT_FOUND, "there is no profile [%.60s]", profile);
    if (found.access_key.n == 0 || found.secret_key.n == 0)
        return err_set(e, ERR_INVALID,
                       "profile [%.60s]: aws_access_key_id and aws_secret_access_key expected",
                       profile);
    *out = found;
    return true;
}

bool s3_credentials_file(struct arena *a, const char *path, const char *profile,
                         struct s3_credentials *out, struct err *e)
{
    AUTO(xfreep) char *text = xmalloc(MAX_FILE);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_errno(e, "can't read the keys", path);
    size_t n = fread(text, 1, MAX_FILE, f);
    bool bad = ferror(f) != 0;
    (void)fclose(f);
    if (bad)
        return err_errno(e, "can't read the keys", path);
    if (n == MAX_FILE)
        return err_set(e, ERR_LIMIT, "%s is larger than a file of keys", path);
    if (s3_credentials_read(a, (struct str){text, n}, profile, out, e))
        return true;
    err_prefix(e, "%s", path);
    return false;
}
