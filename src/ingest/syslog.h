/* Syslog messages (RFC 3164, RFC 5424), and the events that they carry: CEF, LEEF, and
 * those of Cisco's firewalls. */
#pragma once
#include "text/json.h"

struct syslog_message {     /* texts are borrowed from the message */
    int facility, severity; /* 0…23, 0…7; without a priority: user, notice (RFC 3164, 4.3.3) */
    bool has_time, has_pid;
    int64_t time; /* ticks */
    int64_t pid;
    struct str host, process, text;
    struct str structured_data, message_id; /* RFC 5424 */
    struct str content; /* process and text as they were sent: where an event format may start */
};
struct syslog_context {
    int64_t received;   /* ticks: gives RFC 3164's times their year */
    int64_t utc_offset; /* ticks that times without a zone are ahead of UTC */
};
/* Without the line feeds and NULs that senders put behind a message. */
struct str syslog_without_end(struct str message);
/* Reads any text: what is not understood is in text. */
void syslog_parse(struct str message, const struct syslog_context *c, struct syslog_message *out);
/* The text as UTF-8 without NUL, which tables hold; s itself where it is that. */
struct str syslog_clean(struct arena *a, struct str s);
/* syslog_parse of the message without its end and as UTF-8, which tables hold. Text that has to be
 * another lives in a. */
void syslog_read(struct arena *a, struct str message, const struct syslog_context *c,
                 struct syslog_message *out);
const char *syslog_facility_name(int facility);
const char *syslog_severity_name(int severity);

/* Finds CEF, LEEF or a message of Cisco's firewalls in the content of a message. */
enum event_format { EVENT_NONE, EVENT_CEF, EVENT_LEEF, EVENT_CISCO };
enum event_format event_find(struct str content, struct str *out_event);

/* ---- records: properties of a row under construction, over an arena ---- */
struct record_maker {
    struct arena *a;
    VEC(struct str) keys;
    VEC(struct json) items;
    struct sbuf *more; /* AdditionalExtensions */
};
void record_text(struct record_maker *m, const char *column, struct str v); /* nothing when empty */
void record_int(struct record_maker *m, const char *column, int64_t v);
void record_time(struct record_maker *m, const char *column, int64_t ticks);
struct json record_done(struct record_maker *m);

/* The columns that come from the event; both return false when it is none, *why says what is
 * missing. more is an empty buffer for the properties that have no column. */
bool cef_record(struct record_maker *m, struct str event, const char **why) MUST_USE;
bool leef_record(struct record_maker *m, struct str event, const char **why) MUST_USE;
/* Does a message of ASA or Firepower, "%ASA-6-302013: …", begin here? */
bool cisco_starts(struct str s);
/* Of what cisco_starts is true of. host: the one in the syslog header, or empty. */
void cisco_record(struct record_maker *m, struct str event, struct str host);
