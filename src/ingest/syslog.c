/* The headers of RFC 5424 and RFC 3164, and what devices make of the latter. */
#include "ingest/syslog.h"
#include "text/date.h"

enum { USER = 1, NOTICE = 5, MAX_TAG = 128, MAX_HOST = 255 };

const char *syslog_facility_name(int facility)
{
    static const char *const names[] = {
        "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
        "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
    return facility >= 0 && (size_t)facility < COUNTOF(names) ? names[facility] : "user";
}

const char *syslog_severity_name(int severity)
{
    static const char *const names[] = {"emerg", "alert",  "crit", "err",
                                        "warn",  "notice", "info", "debug"};
    return names[severity & 7];
}

/* ---- a text that is eaten from the front ---- */

static bool eat(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static struct str eat_word(struct str *s)
{
    size_t n = 0;
    while (n < s->n && s->p[n] != ' ')
        n++;
    struct str word = str_sub(*s, 0, n);
    *s = str_sub(*s, n, s->n);
    (void)eat(s, ' ');
    return word;
}

static void eat_blanks(struct str *s)
{
    while (eat(s, ' '))
        continue;
}

static bool eat_number(struct str *s, size_t min_digits, size_t max_digits, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && n < max_digits && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    if (n < min_digits)
        return false;
    *s = str_sub(*s, n, s->n);
    *out = v;
    return true;
}

/* ---- priority ---- */

static void read_priority(struct str *s, struct syslog_message *m)
{
    struct str at = *s;
    int pri = 0;
    m->facility = USER;
    m->severity = NOTICE;
    if (!eat(&at, '<') || !eat_number(&at, 1, 3, &pri) || !eat(&at, '>') || pri > 191)
        return;
    m->facility = pri / 8;
    m->severity = pri % 8;
    *s = at;
}

/* ---- RFC 5424 ---- */

static struct str not_nil(struct str word)
{
    return str_eqz(word, "-") ? STR("") : word;
}

/* [id name="value" …][…]: values may hold \" \\ \] */
static bool eat_structured_data(struct str *s, struct str *out)
{
    struct str from = *s;
    bool quoted = false;
    if (eat(s, '-')) {
        *out = STR("");
        return s->n == 0 || eat(s, ' ');
    }
    size_t i = 0;
    while (i < from.n && from.p[i] == '[') {
        for (i++; i < from.n && (quoted || from.p[i] != ']'); i++) {
            if (from.p[i] == '\\' && quoted)
                i++;
            else if (from.p[i] == '"')
                quoted = !quoted;
        }
        if (i >= from.n)
            return false;
        i++;
    }
    *out = str_sub(from, 0, i);
    *s = str_sub(from, i, from.n);
    return i > 0 && (s->n == 0 || eat(s, ' '));
}

static void set_pid(struct syslog_message *m, struct str text)
{
    m->has_pid = str_to_i64(text, &m->pid) && m->pid >= 0;
}

static bool parse_5424(struct str s, struct syslog_message *m)
{
    struct syslog_message found = *m;
    if (!str_starts(s, STR("1 ")))
        return false;
    s = str_sub(s, 2, s.n);
    struct str time = eat_word(&s);
    found.has_time = date_parse_iso(time, &found.time);
    if (!found.has_time && !str_eqz(time, "-"))
        return false;
    found.host = not_nil(eat_word(&s));
    found.content = s;
    found.process = not_nil(eat_word(&s));
    set_pid(&found, eat_word(&s));
    found.message_id = not_nil(eat_word(&s));
    if (!eat_structured_data(&s, &found.structured_data))
        return false;
    if (str_starts(s, STR("\xef\xbb\xbf")))
        s = str_sub(s, 3, s.n);
    (void)eat(&s, ' '); /* rsyslog puts RFC 3164's blank behind a tag in front of the text */
    found.text = s;
    *m = found;
    return true;
}

/* ---- RFC 3164 ---- */

static bool eat_month(struct str *s, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (!str_ieq(str_sub(*s, 0, 3), (struct str){names + (size_t)i * 3, 3}))
            continue;
        *s = str_sub(*s, 3, s->n);
        *out = i + 1;
        return true;
    }
    return false;
}

static bool eat_clock(struct str *s, struct civil *c)
{
    if (!eat_number(s, 1, 2, &c->hour) || !eat(s, ':') || !eat_number(s, 2, 2, &c->minute) ||
        !eat(s, ':') || !eat_number(s, 2, 2, &c->second))
        return false;
    if (s->n > 1 && s->p[0] == '.' && s->p[1] >= '0' && s->p[1] <= '9') {
        int factor = 1000000;
        for (*s = str_sub(*s, 1, s->n); s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9';
             *s = str_sub(*s, 1, s->n), factor /= 10)
            c->ticks += factor * (s->p[0] - '0');
    }
    return true;
}

/* The year that brings the time closest to its receipt: a message of December may come in January.
 */
static bool with_year(struct civil c, const struct syslog_context *x, int64_t *out)
{
    int64_t best = INT64_MAX;
    int year = civil_from_ticks(x->received).year;
    for (c.year = year - 1; c.year <= year + 1; c.year++) {
        int64_t t = 0;
        if (!ticks_from_civil(&c, &t))
            continue;
        int64_t away = t > x->received ? t - x->received : x->received - t;
        if (away < best) {
            best = away;
            *out = t - x->utc_offset;
        }
    }
    return best != INT64_MAX;
}

static bool eat_year(struct str *s, int *out)
{
    struct str at = *s;
    int year = 0;
    if (!eat_number(&at, 4, 4, &year) || year < 1990 || year > 2199 ||
        (at.n > 0 && at.p[0] != ' ' && at.p[0] != ':'))
        return false;
    *s = at;
    *out = year;
    return true;
}

/* "Nov 14 06:21:24", "Nov  4 2020 06:21:24.123", "Nov 14 06:21:24 2020". */
static bool eat_bsd_time(struct str *s, const struct syslog_context *x, int64_t *out)
{
    struct str at = *s;
    struct civil c = {0};
    if (!eat_month(&at, &c.month))
        return false;
    eat_blanks(&at);
    if (!eat_number(&at, 1, 2, &c.day) || !eat(&at, ' '))
        return false;
    eat_blanks(&at);
    bool dated = eat_year(&at, &c.year);
    eat_blanks(&at);
    if (!eat_clock(&at, &c))
        return false;
    struct str behind = at;
    if (!dated && eat(&behind, ' ') && eat_year(&behind, &c.year)) {
        at = behind;
        dated = true;
    }
    if (dated ? !ticks_from_civil(&c, out) : !with_year(c, x, out))
        return false;
    *out -= dated ? x->utc_offset : 0;
    *s = at;
    return true;
}

static bool eat_iso_time(struct str *s, const struct syslog_context *x, int64_t *out)
{
    struct str at = *s, word = eat_word(&at);
    if (word.n < STR("2020-01-01T00:00:00").n || !date_parse_iso(word, out))
        return false;
    struct str clock = str_sub(word, STR("2020-01-01T").n, word.n);
    bool zoned = clock.p[clock.n - 1] == 'Z' || str_holds(clock, '+') || str_holds(clock, '-');
    if (!zoned)
        *out -= x->utc_offset;
    *s = at;
    return true;
}

static bool eat_time(struct str *s, const struct syslog_context *x, int64_t *out)
{
    struct str at = *s;
    if (!eat(&at, '*')) /* what Cisco puts before the time of a clock that is not set */
        (void)eat(&at, '.');
    if (!eat_bsd_time(&at, x, out)) {
        if (!eat_iso_time(&at, x, out))
            return false;
    } else {
        (void)eat(&at, ':');
        if (at.n > 0 && !eat(&at, ' '))
            return false;
    }
    eat_blanks(&at);
    *s = at;
    return true;
}

static bool is_host(struct str word)
{
    if (word.n == 0 || word.n > MAX_HOST || word.p[word.n - 1] == ':')
        return false;
    for (size_t i = 0; i < word.n; i++) {
        unsigned char c = (unsigned char)word.p[i];
        bool ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c >= 0x80 ||
                  str_holds(STR(".-_:@%/"), (char)c);
        if (!ok)
            return false;
    }
    return true;
}

/* "process[pid]: text", "process: text", "process text" when loose. */
static void read_tag(struct str s, bool loose, struct syslog_message *m)
{
    size_t n = 0;
    m->content = m->text = s;
    while (n < s.n && n <= MAX_TAG && s.p[n] != ' ' && s.p[n] != ':' && s.p[n] != '[')
        n++;
    if (n == 0 || n > MAX_TAG || n == s.n)
        return;
    struct str tag = str_sub(s, 0, n), rest = str_sub(s, n, s.n), pid = STR("");
    if (rest.p[0] == '[') {
        size_t end = 0;
        if (!str_find(rest, STR("]"), &end) || end > 64)
            return;
        pid = str_sub(rest, 1, end - 1);
        rest = str_sub(rest, end + 1, rest.n);
    }
    bool colon = eat(&rest, ':');
    if (!colon && !loose)
        return;
    m->process = tag;
    set_pid(m, pid);
    eat_blanks(&rest);
    m->text = rest;
}

static void parse_3164(struct str s, const struct syslog_context *x, struct syslog_message *m)
{
    struct str numbered = s;
    int number = 0;
    m->has_time = eat_time(&s, x, &m->time);
    if (!m->has_time && eat_number(&numbered, 1, 9, &number) && eat(&numbered, ':')) {
        eat_blanks(&numbered); /* "123: Nov 14 …": devices that number their messages */
        m->has_time = eat_time(&numbered, x, &m->time);
        if (m->has_time)
            s = numbered;
    }
    if (!m->has_time) {
        read_tag(s, false, m);
        return;
    }
    struct str at = s, host = eat_word(&at);
    if (is_host(host) && at.n > 0) {
        m->host = host;
        eat_blanks(&at);
        s = at;
    }
    read_tag(s, m->host.n > 0, m);
}

struct str syslog_without_end(struct str s)
{
    while (s.n > 0 && str_holds(STR("\r\n\0"), s.p[s.n - 1]))
        s.n--;
    return s;
}

void syslog_parse(struct str message, const struct syslog_context *c, struct syslog_message *out)
{
    struct str s = syslog_without_end(message);
    *out = (struct syslog_message){0};
    read_priority(&s, out);
    if (!parse_5424(s, out))
        parse_3164(s, c, out);
    if (out->text.n == 0 && out->structured_data.n > 0) { /* else the event would be lost */
        out->text = out->structured_data;
        out->structured_data = STR("");
    }
}
