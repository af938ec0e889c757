/* Shared by the files of this folder only. */
#pragma once
#include "simulate/simulate.h"
#include "text/json.h"

enum {
    SIM_USERS = 60,
    SIM_WORKSTATIONS = 40,
    SIM_SERVERS = 12,
    SIM_LINUX = 6,
    SIM_DESTINATIONS = 120
};
#define SIM_DOMAIN "halden.example"
#define SIM_SUBSCRIPTION "6f1d2c3b-7a40-4b1e-9c55-0d7e61a2b3c4"
#define SIM_AWS_ACCOUNT "111122223333"

/* ---- random numbers: splitmix64, one stream a day and subject ---- */
struct sim_rng {
    uint64_t state;
};
struct sim_rng sim_rng_of(uint64_t seed, int day, const char *subject);
uint64_t sim_next(struct sim_rng *r);
int sim_below(struct sim_rng *r, int n); /* 0 … n-1 */
bool sim_chance(struct sim_rng *r, double p);
int sim_skewed(struct sim_rng *r, int n); /* small numbers more often */

/* ---- the day under construction ---- */
struct sim_event {
    int64_t ticks;
    uint32_t order; /* keeps equal times in order of creation */
    const char *table;
    size_t off, len; /* into the day's text */
};
struct sim_day {
    const struct sim_options *o;
    int day;
    int64_t midnight;
    bool weekend;
    struct arena *a;
    struct sbuf text;
    VEC(struct sim_event) events;
    struct json_out w; /* of the event being written */
    struct sim_rng ids;
};
/* ev_begin … ev_s/ev_i/… … ev_end writes one event; TimeGenerated comes first. */
void ev_begin(struct sim_day *d, const char *table, int64_t ticks);
void ev_s(struct sim_day *d, const char *key, const char *value);
void ev_f(struct sim_day *d, const char *key, const char *fmt, ...) PRINTF_LIKE(3, 4);
void ev_i(struct sim_day *d, const char *key, int64_t value);
void ev_b(struct sim_day *d, const char *key, bool value);
void ev_id(struct sim_day *d, const char *key); /* a new GUID */
void ev_end(struct sim_day *d);
/* Ticks of hh:mm:ss on the day. */
int64_t sim_at(const struct sim_day *d, int hour, int minute, int second);
/* A moment of the working day: mostly 07-17, seldom outside. */
int64_t sim_work_time(const struct sim_day *d, struct sim_rng *r);
int64_t sim_any_time(const struct sim_day *d, struct sim_rng *r);

/* ---- the cast ---- */
struct sim_user {
    char login[24]; /* m.osei */
    char upn[64], display[48], country[4], city[16];
    char office_ip[32], home_ip[32];
    int number, workstation;
    bool administrator, traveller;
};
void sim_user_get(int i, struct sim_user *out);
void sim_workstation_name(int i, char out[32]); /* ws-001 */
void sim_server_name(int i, char out[32]);      /* srv-file1 … */
void sim_linux_name(int i, char out[32]);
void sim_workstation_ip(int i, char out[20]);
void sim_server_ip(int i, char out[20]);
void sim_linux_ip(int i, char out[20]);
void sim_destination_ip(int i, char out[20]); /* external hosts that the company uses */
enum { SIM_VICTIM = 7, SIM_ADMIN = 3 };       /* m.osei, adm.nyberg */

/* ---- writers shared by background and intrusion ---- */
struct sim_signin {
    const struct sim_user *user;
    const char *ip, *country, *city, *result, *reason, *app, *client;
    bool mfa;
};
void ev_signin(struct sim_day *d, int64_t ticks, const struct sim_signin *s);
void ev_audit(struct sim_day *d, int64_t ticks, const char *operation, const char *category,
              const char *actor, const char *ip, const char *targets_json);
void ev_office(struct sim_day *d, int64_t ticks, const char *workload, const char *operation,
               const char *user,
               const char *ip); /* leaves the event open for more keys; close with ev_end */
void ev_azure(struct sim_day *d, int64_t ticks, const char *operation, const char *caller,
              const char *ip, const char *resource, bool ok);
void ev_aws(struct sim_day *d, int64_t ticks, const char *source, const char *name,
            const char *user, const char *ip); /* open, as ev_office */
void ev_windows(struct sim_day *d, int64_t ticks, int id, const char *activity,
                const char *host); /* open */
void ev_logon(struct sim_day *d, int64_t ticks, bool ok, const char *host, const char *user,
              const char *ip, int type);
void ev_process(struct sim_day *d, int64_t ticks, const char *host, const char *user,
                const char *image, const char *command, const char *parent);
struct sim_flow {
    const char *src, *dst, *user, *action, *app;
    int port;
    int64_t sent, received;
};
void ev_flow(struct sim_day *d, int64_t ticks, const struct sim_flow *f);
void ev_syslog(struct sim_day *d, int64_t ticks, const char *host, const char *facility,
               const char *severity, const char *process, const char *fmt, ...) PRINTF_LIKE(7, 8);

void sim_background_cloud(struct sim_day *d);
void sim_background_site(struct sim_day *d);
void sim_intrusion_cloud(struct sim_day *d);
void sim_intrusion_site(struct sim_day *d);
