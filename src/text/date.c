/* Dates: calendar arithmetic, the strict ISO reader, and the writers. Kusto's loose forms are in
 * date_kusto.c, spans in span.c. */
#include "text/date.h"
#include "text/date_priv.h"
#include "text/json.h"

#include <stdio.h>

/* Days from 0001-01-01 to the first of March of year 0 and back; 400 years are 146097 days. */
enum { DAYS_400Y = 146097, DAYS_TO_MARCH_0 = 306 };

int date_days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* Years start in March here, so that the leap day is the last of its year. */
static int64_t days_from_civil(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_400Y + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_MARCH_0;
}

struct civil civil_from_ticks(int64_t ticks)
{
    int64_t days = ticks / TICKS_PER_DAY;
    int64_t rest = ticks % TICKS_PER_DAY;
    if (rest < 0) {
        rest += TICKS_PER_DAY;
        days--;
    }
    int64_t z = days + DAYS_TO_MARCH_0;
    int64_t era = (z >= 0 ? z : z - (DAYS_400Y - 1)) / DAYS_400Y;
    int64_t doe = z - era * DAYS_400Y;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){
        .year = (int)(yoe + era * 400) + (month <= 2 ? 1 : 0),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / TICKS_PER_HOUR),
        .minute = (int)(rest / TICKS_PER_MINUTE % 60),
        .second = (int)(rest / TICKS_PER_SECOND % 60),
        .ticks = (int)(rest % TICKS_PER_SECOND),
    };
}

bool ticks_from_civil(const struct civil *c, int64_t *out)
{
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1)
        return false;
    if (c->day > date_days_in_month(c->year, c->month))
        return false;
    if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59)
        return false;
    if (c->second < 0 || c->second > 59 || c->ticks < 0 || c->ticks >= TICKS_PER_SECOND)
        return false;
    *out = days_from_civil(c->year, c->month, c->day) * TICKS_PER_DAY + c->hour * TICKS_PER_HOUR +
           c->minute * TICKS_PER_MINUTE + c->second * TICKS_PER_SECOND + c->ticks;
    return true;
}

/* ---- scanner shared with date_kusto.c ---- */
bool scan_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

size_t scan_digits(struct str *s, size_t most, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    *s = str_sub(*s, n, s->n);
    *out = v;
    return n;
}

/* Digits after the dot: any more than seven are dropped. */
bool scan_fraction(struct str *s, size_t most, int *out_ticks)
{
    size_t n = 0;
    int v = 0;
    for (; n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        if (n < 7)
            v = v * 10 + (s->p[n] - '0');
    if (n == 0)
        return false;
    for (size_t k = n; k < 7; k++)
        v *= 10;
    *s = str_sub(*s, n, s->n);
    *out_ticks = v;
    return true;
}

bool scan_offset(struct str *s, int64_t *out_ticks)
{
    *out_ticks = 0;
    if (scan_char(s, 'Z') || scan_char(s, 'z'))
        return true;
    bool minus = scan_char(s, '-');
    if (!minus && !scan_char(s, '+'))
        return false;
    int hours;
    int minutes = 0;
    if (scan_digits(s, 2, &hours) != 2 || hours > 14)
        return false;
    bool colon = scan_char(s, ':');
    size_t n = scan_digits(s, 2, &minutes);
    if (n != 2 && (n != 0 || colon))
        return false;
    if (minutes > 59)
        return false;
    int64_t t = hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE;
    *out_ticks = minus ? -t : t;
    return true;
}

bool date_apply_offset(const struct civil *c, int64_t offset, int64_t *out)
{
    int64_t t;
    if (!ticks_from_civil(c, &t))
        return false;
    t -= offset;
    if (t < 0 || t > TICKS_MAX)
        return false;
    *out = t;
    return true;
}

static bool iso_time(struct str *s, struct civil *c)
{
    if (scan_digits(s, 2, &c->hour) != 2 || !scan_char(s, ':') ||
        scan_digits(s, 2, &c->minute) != 2)
        return false;
    if (!scan_char(s, ':'))
        return true;
    if (scan_digits(s, 2, &c->second) != 2)
        return false;
    return !scan_char(s, '.') || scan_fraction(s, 9, &c->ticks);
}

bool date_parse_iso(struct str s, int64_t *out)
{
    struct civil c = {0};
    int64_t offset = 0;
    if (scan_digits(&s, 4, &c.year) != 4 || !scan_char(&s, '-') ||
        scan_digits(&s, 2, &c.month) != 2 || !scan_char(&s, '-') || scan_digits(&s, 2, &c.day) != 2)
        return false;
    if (s.n > 0) {
        if (!scan_char(&s, 'T') && !scan_char(&s, 't') && !scan_char(&s, ' '))
            return false;
        if (!iso_time(&s, &c))
            return false;
        if (s.n > 0 && !scan_offset(&s, &offset))
            return false;
    }
    return s.n == 0 && date_apply_offset(&c, offset, out);
}

void date_format(int64_t ticks, char out[29])
{
    struct civil c = civil_from_ticks(ticks < 0 ? 0 : ticks > TICKS_MAX ? TICKS_MAX : ticks);
    char wide[96]; /* the compiler cannot know the bounds of the fields */
    snprintf(wide, sizeof(wide), "%04d-%02d-%02dT%02d:%02d:%02d.%07dZ", c.year, c.month, c.day,
             c.hour, c.minute, c.second, c.ticks);
    memcpy(out, wide, 28);
    out[28] = '\0';
}

void json_kv_time(struct json_out *w, const char *key, int64_t ticks)
{
    char text[29];
    if (ticks == 0) {
        json_kv_null(w, key);
        return;
    }
    date_format(ticks, text);
    json_kv_z(w, key, text);
}
