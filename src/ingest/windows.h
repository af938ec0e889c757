/* One Windows event, whatever form it came in, and the rows that it gives. */
#pragma once
#include "ingest/foreign.h"

enum windows_part {
    WINDOWS_NOTHING, /* what shippers add and no column takes */
    WINDOWS_TIME,
    WINDOWS_TIME_CREATED, /* used without the one before, and so on */
    WINDOWS_TIME_EVENT,
    WINDOWS_TIME_RECEIVED,
    WINDOWS_CHANNEL,
    WINDOWS_PROVIDER,
    WINDOWS_COMPUTER,
    WINDOWS_ID,
    WINDOWS_VERSION,
    WINDOWS_LEVEL,    /* a number or its name */
    WINDOWS_SEVERITY, /* NXLog's: 1 debug … 5 critical */
    WINDOWS_TASK,
    WINDOWS_OPCODE,
    WINDOWS_KEYWORDS,
    WINDOWS_RECORD,
    WINDOWS_ACTIVITY,
    WINDOWS_RELATED_ACTIVITY,
    WINDOWS_PROCESS,
    WINDOWS_THREAD,
    WINDOWS_SID,
    WINDOWS_USER,
    WINDOWS_DOMAIN,
    WINDOWS_MESSAGE,
    WINDOWS_USER_DATA, /* the element in UserData that the data come from */
    WINDOWS_N_PARTS
};
struct windows_data {
    struct str name; /* may be empty */
    struct str value;
};
struct windows_event {
    struct arena *a;
    struct str part[WINDOWS_N_PARTS];
    VEC(struct windows_data) data; /* EventData or UserData, in order */
};
/* Sets *out to the event that v (an object) is; false: it names neither an event id nor a channel.
 * Forms: Winlogbeat 6 and later, NXLog, and flat objects like NXLog's. */
bool windows_from_json(struct arena *a, const struct json *v, struct windows_event *out) MUST_USE;
/* The same for an Event element as JSON (xml_to_json). */
bool windows_from_xml(struct arena *a, const struct json *event,
                      struct windows_event *out) MUST_USE;
/* One Event element. */
bool windows_xml_event(struct foreign *f, struct str xml, struct err *why) MUST_USE;
/* All events of a body of XML, with or without an element around them. */
void windows_xml_read(struct foreign *f, struct str body);
/* The row of the table that the request names, else of the one that the channel means. */
void windows_put(struct foreign *f, struct windows_event *e);
/* "An account was successfully logged on."; empty when it is not in our list. */
struct str windows_activity(int64_t event_id);
