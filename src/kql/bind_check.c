/* Constant arguments that can only be mistakes (documentation: format-datetime-function,
 * format-timespan-function, and the pages of functions that take a part of a date). */
#include "kql/bind_priv.h"

/* ---- formats ---- */
static const char delimiters[] = " /-:,._[]";

static size_t run_length(struct str s, size_t at)
{
    size_t n = 1;
    while (at + n < s.n && s.p[at + n] == s.p[at])
        n++;
    return n;
}

static bool format_error(const struct cx *c, const char *function, struct str bad,
                         const struct syn *at)
{
    bind_error(c->b, "SEM0235", at, "%s(): '%.*s' can't stand in the format", function,
               (int)(bad.n < 20 ? bad.n : 20), bad.p);
    return false;
}

/* letters: those that may stand in the format, each followed by how often at most in a row; 0: any
 * number. */
static void check_format(const struct cx *c, const char *function, const char *letters,
                         struct str format, const struct syn *at)
{
    for (size_t i = 0, n; i < format.n; i += n) {
        n = run_length(format, i);
        if (format.p[i] != '\0' && strchr(delimiters, format.p[i]) != NULL)
            continue;
        const char *row = letters;
        while (row[0] != '\0' && row[0] != format.p[i])
            row += 2;
        bool fits = row[0] != '\0' && (row[1] == '0' || n <= (size_t)(row[1] - '0'));
        if (!fits && !format_error(c, function, str_sub(format, i, n), at))
            return;
    }
}

/* ---- parts of dates ---- */
static const char *const diff_parts[] = {"year",        "quarter",     "month",     "week",
                                         "day",         "hour",        "minute",    "second",
                                         "millisecond", "microsecond", "nanosecond"};
static const char *const more_parts[] = {"week_of_year", "weekofyear", "dayofyear"};

static bool one_of(struct str s, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieqz(s, list[i]))
            return true;
    return false;
}

static void check_part(const struct cx *c, const char *function, struct str part, bool more,
                       const struct syn *at)
{
    bool known = one_of(part, diff_parts, COUNTOF(diff_parts)) ||
                 (more && one_of(part, more_parts, COUNTOF(more_parts)));
    if (!known)
        bind_error(c->b, "SEM0235", at, "%s(): '%.*s' is not a part of a date", function,
                   (int)(part.n < 40 ? part.n : 40), part.p);
}

static const char *const byte_units[] = {"", "Bytes", "KB", "MB", "GB", "TB", "PB", "EB"};

static void check_byte_unit(const struct cx *c, struct str unit, const struct syn *at)
{
    if (!one_of(unit, byte_units, COUNTOF(byte_units)))
        bind_error(c->b, "SEM0235", at, "format_bytes(): '%.*s' is not one of Bytes, KB … EB",
                   (int)(unit.n < 40 ? unit.n : 40), unit.p);
}

static struct str constant_text(struct expr *const *args, size_t n, size_t i)
{
    bool text = i < n && args[i]->kind == EX_CONST && args[i]->type == KQL_STRING;
    return text && !args[i]->value.is_null ? args[i]->value.s : STR_NONE;
}

void bind_check_constants(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                          size_t n, const struct syn *at)
{
    struct str name = str_from(f->name);
    struct str first = constant_text(args, n, 0), second = constant_text(args, n, 1);
    if (str_eqz(name, "format_datetime"))
        check_format(c, f->name, "y0M0d0H0h0m0s0f7F7t2", second, at);
    else if (str_eqz(name, "format_timespan"))
        check_format(c, f->name, "d8H0h0m0s0f7F7", second, at);
    else if (str_eqz(name, "datetime_add") || str_eqz(name, "datetime_diff"))
        check_part(c, f->name, first, false, at);
    else if (str_eqz(name, "format_bytes"))
        check_byte_unit(c, constant_text(args, n, 2), at);
    else if (str_eqz(name, "datetime_part") || str_eqz(name, "datepart"))
        check_part(c, f->name, first, true, at);
    else if (str_starts(name, STR("series_")))
        bind_check_series(c, f, args, n, at);
}
