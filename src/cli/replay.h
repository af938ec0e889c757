/* Plays logs into a server as if they happened: the server's clock moves on in
 * steps, which runs the rules, and the records of each step arrive through the Logs Ingestion API.
 */
#pragma once
#include "cli/client.h"

struct replay;
struct replay_options {
    struct client *client; /* of the server, with an operator's rights; its clock is a manual one */
    struct client_workspace workspace;
    const char *client_id, *client_secret, *tenant; /* of the application that sends the logs */
    int64_t
        rules_from; /* ticks: from here on the clock moves in short steps; before, a day at once */
    const char *rules_dir; /* imported at rules_from */
    void (*progress)(void *self, int64_t now, uint64_t events, uint64_t runs);
    void *self;
};
struct replay_stats {
    uint64_t events, bytes, requests, runs, rules;
    int64_t send_us, rules_us, import_us; /* spent on sending, on running rules, on their import */
};
struct replay *replay_new(const struct replay_options *o);
void replay_free(struct replay *r);
/* Records in order of time; json: one object. */
bool replay_event(struct replay *r, int64_t ticks, const char *table, struct str json,
                  struct err *e) MUST_USE;
/* Sends what is waiting and moves the clock to the given time. */
bool replay_finish(struct replay *r, int64_t until, struct err *e) MUST_USE;
struct replay_stats replay_stats(const struct replay *r);
