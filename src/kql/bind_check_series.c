/* Constant arguments of series functions that can only be mistakes: names of methods that don't
 * exist, numbers out of range. Source: the functions' pages; where these name no limit, ours. */
#include "kql/bind_priv.h"

enum { MAX_DEGREE = 32, MAX_PERIODS = 1024, MAX_VALIDATED = 16 };

static const char *const trends[] = {"avg", "linefit", "none"};
static const char *const methods[] = {"ctukey", "tukey"};

/* What the argument at a place must be. */
static const struct series_check {
    const char *function;
    size_t arg; /* from 0 */
    const char *const *names;
    size_t n_names;
    double min, max; /* without names */
    const char *what;
} checks[] = {
    {"series_decompose", 2, trends, COUNTOF(trends), 0, 0, "'avg', 'linefit' or 'none'"},
    {"series_decompose_anomalies", 3, trends, COUNTOF(trends), 0, 0, "'avg', 'linefit' or 'none'"},
    {"series_decompose_anomalies", 5, methods, COUNTOF(methods), 0, 0, "'ctukey' or 'tukey'"},
    {"series_decompose_forecast", 3, trends, COUNTOF(trends), 0, 0, "'avg', 'linefit' or 'none'"},
    {"series_fit_poly", 2, NULL, 0, 0, MAX_DEGREE, "a degree between 0 and 32"},
    {"series_outliers", 1, methods, COUNTOF(methods), 0, 0, "'ctukey' or 'tukey'"},
    {"series_outliers", 3, NULL, 0, 2, 98, "a percentile between 2 and 98"},
    {"series_outliers", 4, NULL, 0, 2, 98, "a percentile between 2 and 98"},
    {"series_periods_detect", 3, NULL, 0, 1, MAX_PERIODS, "a number between 1 and 1024"},
};

static bool fits(const struct series_check *k, const struct kql_value *v)
{
    if (k->names == NULL)
        return v->type == KQL_REAL ? v->d >= k->min && v->d <= k->max
                                   : (double)v->i >= k->min && (double)v->i <= k->max;
    for (size_t i = 0; i < k->n_names; i++)
        if (str_ieqz(v->s, k->names[i]))
            return true;
    return false;
}

static bool looks_right(const struct series_check *k, const struct expr *e)
{
    while (e->kind == EX_CALL && e->n_args == 1) /* a number that becomes another type */
        e = e->args[0];
    bool text = e->type == KQL_STRING;
    bool number = e->type == KQL_REAL || e->type == KQL_LONG || e->type == KQL_INT;
    if (e->kind != EX_CONST || e->value.is_null || !(k->names != NULL ? text : number))
        return true;
    return fits(k, &e->value);
}

void bind_check_series(const struct cx *c, const struct kql_func *f, struct expr *const *args,
                       size_t n, const struct syn *at)
{
    for (size_t i = 0; i < COUNTOF(checks); i++) {
        const struct series_check *k = &checks[i];
        if (k->arg < n && strcmp(k->function, f->name) == 0 && !looks_right(k, args[k->arg]))
            bind_error(c->b, "SEM0235", at, "%s(): argument %zu must be %s", f->name, k->arg + 1,
                       k->what);
    }
    if (strcmp(f->name, "series_periods_validate") == 0 && n > MAX_VALIDATED + 1)
        bind_error(c->b, "SEM0219", at, "%s() takes 2 to %d arguments, not %zu", f->name,
                   MAX_VALIDATED + 1, n);
}
