/* A large load that behaves like a real one: recordings of real events (VEDETTE_SHARED/datasets)
 * are replayed as sessions, each at a drawn time with a drawn cast of hosts, users and addresses.
 * The method is that of datasets/bench/README.md there. Nothing but the options and the recordings
 * decides a byte: any number of threads, and any session alone, give the same rows. */
#pragma once
#include "base/base.h"

enum { REPLAY_VERSION = 1, REPLAY_MAX_TABLES = 48 };

enum replay_order {
    REPLAY_BY_TIME,   /* of the events: the canonical order */
    REPLAY_BY_ARRIVAL /* as they would be ingested: late rows come late */
};
struct replay_options {
    const char *datasets; /* the folder */
    const char *mix;      /* "office", "endpoint", "network" */
    uint64_t seed;
    int64_t events;  /* without needles */
    int64_t cast_of; /* the cast is that of so many events; 0: of events */
    int days;        /* simulated; 0: 30, or 90 for more than 10 million events */
    int needles;     /* how often each attack is planted; 0: no needle of any kind */
    unsigned threads;
    enum replay_order order;
};
struct replay_row {
    uint32_t session, row; /* numbers from 0 */
    uint16_t table;        /* index for replay_table */
    int64_t time, arrival; /* ticks */
    struct str json;       /* one object, compact, without line break */
};
/* Borrowed until it returns. */
typedef bool replay_sink(void *self, const struct replay_row *r, struct err *e);

struct replay;
/* Reads the recordings and draws the plan of sessions. Errors: ERR_IO, ERR_SYNTAX (recordings),
 * ERR_INVALID (options). */
struct replay *replay_open(const struct replay_options *o, struct err *e) MUST_USE;
void replay_close(struct replay *r);
/* All rows to the sink, from one thread. Errors: the sink's. */
bool replay_run(struct replay *r, replay_sink *sink, void *self, struct err *e) MUST_USE;
/* The rows of one session, in their order. Errors: ERR_NOT_FOUND, the sink's. */
bool replay_session(struct replay *r, uint32_t session, replay_sink *sink, void *self,
                    struct err *e) MUST_USE;

size_t replay_tables(const struct replay *r);
struct str replay_table(const struct replay *r, size_t i);
uint32_t replay_sessions(const struct replay *r);
int64_t replay_first_day(const struct replay *r); /* ticks of its midnight */
int replay_days(const struct replay *r);
int64_t replay_source_bytes(const struct replay *r); /* of the rows if none were changed */

/* What a query has to find, and how often: written before a row is made. */
struct replay_needle {
    const char *kind; /* "attack", "once", "million", "sparse" */
    struct str name, table;
    struct str query; /* KQL that gives one row with one number */
    int64_t rows;     /* that number */
};
size_t replay_needles(const struct replay *r);
const struct replay_needle *replay_needle(const struct replay *r, size_t i);
