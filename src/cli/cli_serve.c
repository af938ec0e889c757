/* vedette serve: the daemon. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/complain.h"
#include "cli/serve.h"
#include "identity/users.h"

static const char usage[] =
    "usage: vedette serve [--data DIR] [--config FILE] [--SETTING VALUE…]\n"
    "\n"
    "Serves HTTPS on 127.0.0.1:8443 over the data folder, with a certificate from a CA of its own\n"
    "(DIR/tls/ca.pem). The first start prints an administrator's user name and password for the\n"
    "portal, and a client id and secret for programs, once.\n"
    "SIGTERM and SIGINT stop it: running requests are finished first. Logs are JSON lines on\n"
    "standard error. 'vedette config show' lists all settings.\n";

static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    (void)pthread_sigmask(SIG_BLOCK, set, NULL); /* before the first thread: all inherit it */
    (void)signal(SIGPIPE, SIG_IGN);
}

/* What the first start made. */
struct first {
    struct str user, password, id, secret;
};

static void write_greeting(const struct serving *s, struct str tenant, const struct first *f,
                           FILE *to)
{
    struct str id = f->id, secret = f->secret;
    fprintf(to,
            "This is the first start. Keep what follows: it is not shown again.\n\n"
            "The portal, for people (the password is to be changed at the first sign-in):\n\n"
            "  %s/portal/\n\n"
            "  user name      %.*s\n  password       %.*s\n\n"
            "The API, for programs:\n\n",
            s->url, STR_ARG(f->user), STR_ARG(f->password));
    fprintf(to,
            "  tenant id      %.*s\n  client id      %.*s\n  client secret  %.*s\n\n"
            "A token for one hour:\n\n"
            "  curl%s%s %s/%.*s/oauth2/v2.0/token \\\n"
            "    -d grant_type=client_credentials \\\n"
            "    -d scope=https://api.loganalytics.io/.default \\\n"
            "    -d client_id=%.*s --data-urlencode client_secret=%.*s\n\n",
            STR_ARG(tenant), STR_ARG(id), STR_ARG(secret),
            s->ca_file[0] != '\0' ? " --cacert " : "", s->ca_file, s->url, STR_ARG(tenant),
            STR_ARG(id), STR_ARG(secret));
}

/* Under systemd standard output is the journal, which others can read: a file instead. */
static FILE *greeting_file(const struct settings *set, struct err *e)
{
    char path[4200];
    snprintf(path, sizeof(path), "%.4000s/administrator.txt", set->data);
    FILE *f = fopen(path, "we"); /* mode 0600 by the process's umask */
    if (f == NULL)
        err_errno(e, "can't make", path);
    else
        LOG(LOG_WARN, "serve", "the administrator's secret is in a file; read it, then remove it",
            log_z("file", path));
    return f;
}

/* Never to the log: whoever starts the server for the first time reads it. */
static bool greet(struct serving *s, const struct settings *set, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct first f = {0};
    struct identity *identity = vedette_identity(s->v);
    if (!identity_first_user(identity, a, &f.user, &f.password, e) ||
        !identity_first_admin(identity, a, &f.id, &f.secret, e))
        return false;
    if (f.id.n == 0)
        return true;
    bool journal = getenv("JOURNAL_STREAM") != NULL;
    FILE *to = journal ? greeting_file(set, e) : stdout;
    if (to == NULL)
        return false;
    write_greeting(s, identity_tenant(identity), &f, to);
    bool ok = fflush(to) == 0;
    if (journal)
        ok = fclose(to) == 0 && ok;
    return ok || err_set(e, ERR_IO, "can't write the administrator's secret");
}

static void wait_for_end(const sigset_t *set)
{
    int got = SIGHUP;
    while (got == SIGHUP) /* a terminal that closes does not stop a daemon */
        if (sigwait(set, &got) != 0)
            got = SIGHUP;
    LOG(LOG_INFO, "serve", "stopping", log_i("signal", got));
}

static int run(const struct settings *set)
{
    sigset_t signals;
    struct serving s;
    struct err e = {0};
    enum log_level level = LOG_INFO;
    int64_t began = clock_mono_us();
    CHECK(log_level_parse(str_from(set->log_level), &level));
    log_setup(level, 2);
    block_signals(&signals);
    if (!serving_start(&s, set, greet, &e)) {
        complain("serve", &e);
        return e.code == ERR_INVALID ? 2 : 1;
    }
    LOG(LOG_INFO, "serve", "ready", log_z("url", s.url), log_z("data", set->data),
        log_i("took_ms", (clock_mono_us() - began) / 1000));
    wait_for_end(&signals);
    if (!serving_stop(&s, set->drain_timeout / TICKS_PER_MS)) {
        LOG(LOG_ERROR, "serve", "a request did not end; stopping without it",
            log_i("waited_ms", set->drain_timeout / TICKS_PER_MS));
        _exit(1);
    }
    LOG(LOG_INFO, "serve", "stopped", log_i("ran_s", (clock_mono_us() - began) / 1000000));
    return 0;
}

int cli_serve(int argc, char **argv)
{
    struct err e = {0};
    struct settings set;
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    int rc = 2;
    if (settings_load(&set, argc, argv, &e))
        rc = run(&set);
    else
        complain("serve", &e);
    settings_free(&set);
    return rc;
}
