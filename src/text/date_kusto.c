/* The loose date forms that Kusto's todatetime() takes. Numeric dates start with the month, or with
 * the year when that has four digits; names of months may stand first or second. */
#include "text/date.h"
#include "text/date_priv.h"

static bool at_letter(struct str s)
{
    char c = s.n == 0 ? '\0' : (char)(s.p[0] | 0x20);
    return c >= 'a' && c <= 'z';
}

static struct str scan_word(struct str *s)
{
    size_t n = 0;
    while (at_letter(str_sub(*s, n, s->n)))
        n++;
    struct str w = str_sub(*s, 0, n);
    *s = str_sub(*s, n, s->n);
    return w;
}

static void skip_blanks(struct str *s)
{
    while (scan_char(s, ' ') || scan_char(s, '\t'))
        ;
}

/* Index from 1 of a full name or its first three letters; 0: none. */
static int name_index(struct str w, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieqz(w, names[i]) || (w.n == 3 && str_ieq(w, str_sub(str_from(names[i]), 0, 3))))
            return (int)i + 1;
    return 0;
}

static int month_named(struct str w)
{
    static const char *const names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
    return name_index(w, names, COUNTOF(names));
}

static bool is_weekday(struct str w)
{
    static const char *const names[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};
    return name_index(w, names, COUNTOF(names)) != 0;
}

/* Two-digit years as .NET reads them: up to 49 is this century. */
static bool scan_year(struct str *s, int *out)
{
    size_t n = scan_digits(s, 4, out);
    if (n == 2)
        *out += *out < 50 ? 2000 : 1900;
    return n == 4 || n == 2;
}

/* The rest of "2022, 12, 2" */
static bool comma_date(struct str *s, struct civil *c)
{
    bool month = scan_char(s, ',');
    skip_blanks(s);
    month = month && scan_digits(s, 2, &c->month) > 0 && scan_char(s, ',');
    skip_blanks(s);
    return month && scan_digits(s, 2, &c->day) > 0;
}

/* 2022-12-02, 2022/12/02, 12-02-2022, 12/2/2022, 12.02.2022, 20221202, 2022-12, 2022 */
static bool numeric_date(struct str *s, struct civil *c)
{
    int first;
    size_t n = scan_digits(s, 8, &first);
    if (n == 8) {
        c->year = first / 10000;
        c->month = first / 100 % 100;
        c->day = first % 100;
        return true;
    }
    if (n == 4 && s->n == 0) {
        *c = (struct civil){.year = first, .month = 1, .day = 1};
        return true;
    }
    char sep = s->n == 0 ? '\0' : s->p[0];
    if (n == 4 && sep == ',') {
        c->year = first;
        return comma_date(s, c);
    }
    if ((n != 4 && n != 1 && n != 2) || (sep != '-' && sep != '/' && sep != '.'))
        return false;
    *s = str_sub(*s, 1, s->n);
    int second;
    size_t n2 = scan_digits(s, 2, &second);
    if (n2 == 0)
        return false;
    if (n == 4) {
        *c = (struct civil){.year = first, .month = second, .day = 1};
        return s->n == 0 || (scan_char(s, sep) && scan_digits(s, 2, &c->day) > 0);
    }
    c->month = first;
    c->day = second;
    return scan_char(s, sep) && scan_year(s, &c->year);
}

static void skip_separators(struct str *s)
{
    while (scan_char(s, ' ') || scan_char(s, '\t') || scan_char(s, ',') || scan_char(s, '-'))
        ;
}

/* "2 Dec 2022", "02-Dec-2022", "Dec 2, 2022", with a weekday before it if there was one. */
static bool named_date(struct str *s, struct civil *c)
{
    bool day_first = scan_digits(s, 2, &c->day) > 0;
    skip_separators(s);
    c->month = month_named(scan_word(s));
    skip_separators(s);
    if (c->month == 0)
        return false;
    if (!day_first && scan_digits(s, 2, &c->day) == 0)
        return false;
    if (!day_first)
        skip_separators(s);
    return scan_year(s, &c->year);
}

static bool half_day(struct str *s, struct civil *c)
{
    struct str kept = *s;
    skip_blanks(s);
    struct str w = scan_word(s);
    bool pm = str_ieqz(w, "pm");
    if (!pm && !str_ieqz(w, "am")) {
        *s = kept;
        return true;
    }
    if (c->hour < 1 || c->hour > 12)
        return false;
    c->hour = c->hour % 12 + (pm ? 12 : 0);
    return true;
}

static bool loose_time(struct str *s, struct civil *c)
{
    if (scan_digits(s, 2, &c->hour) == 0)
        return false;
    if (!scan_char(s, ':'))
        return half_day(s, c);
    if (scan_digits(s, 2, &c->minute) == 0)
        return false;
    if (scan_char(s, ':')) {
        if (scan_digits(s, 2, &c->second) == 0)
            return false;
        if (scan_char(s, '.') && !scan_fraction(s, 9, &c->ticks))
            return false;
    }
    return half_day(s, c);
}

static bool loose_offset(struct str *s, int64_t *out)
{
    skip_blanks(s);
    if (s->n == 0 || scan_offset(s, out))
        return true;
    struct str w = scan_word(s);
    return str_ieqz(w, "GMT") || str_ieqz(w, "UTC");
}

/* A weekday is skipped without checking that it fits. */
static void skip_weekday(struct str *s)
{
    struct str kept = *s;
    if (at_letter(*s) && is_weekday(scan_word(s)))
        skip_separators(s);
    else
        *s = kept;
}

bool date_parse_kusto(struct str s, int64_t *out)
{
    struct civil c = {0};
    int64_t offset = 0;
    s = str_trim(s);
    if (s.n > 64)
        return false;
    skip_weekday(&s);
    struct str start = s;
    if (!numeric_date(&s, &c)) {
        s = start;
        c = (struct civil){0};
        if (!named_date(&s, &c))
            return false;
    }
    if (s.n > 0) {
        bool zone_only = scan_offset(&s, &offset) && s.n == 0;
        if (!zone_only) {
            if (!scan_char(&s, 'T') && !scan_char(&s, 't') && !scan_char(&s, ' ') &&
                !scan_char(&s, ','))
                return false;
            skip_blanks(&s);
            if (!loose_time(&s, &c) || !loose_offset(&s, &offset))
                return false;
        }
    }
    return s.n == 0 && date_apply_offset(&c, offset, out);
}
