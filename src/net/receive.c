/* The receiver: one thread waits for all sockets and reads them, one delivers. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/net_priv.h"

enum {
    DEFAULT_MESSAGE = 64 << 10,
    DEFAULT_CONNECTIONS = 1000,
    DEFAULT_WAITING = 16 << 20,
    READ_BYTES = 64 << 10,
    READS_A_TURN = 4, /* so that one sender does not keep out the others */
    DATAGRAM_MAX = 64 << 10,
    DATAGRAMS_A_TURN = 64,
    KERNEL_BUFFER = 8 << 20,
    BACKLOG = 256,
    EVENTS = 64,
    SWEEP_MS = 1000,
    HANDSHAKE_US = 10000000,
    KEEPALIVE_S = 60,
    REST_US = 1000000
};

enum source_kind { SOURCE_WAKE, SOURCE_DATAGRAMS, SOURCE_ACCEPT, SOURCE_STREAM };
struct source { /* what epoll knows */
    enum source_kind kind;
    enum net_transport transport;
    int fd;
    uint16_t port;
    uint32_t overflow; /* SOURCE_DATAGRAMS: the kernel's count of drops so far */
    /* SOURCE_STREAM */
    struct net_stream *stream;
    struct net_frames frames;
    char peer[IP_TEXT_MAX];
    int64_t opened_us;
    bool wants_write;
    struct source *next, *previous;
};
struct net_receiver {
    struct net_options o;
    struct ip_net *networks; /* a copy */
    struct net_tls *tls;
    struct net_batches *batches;
    struct source wake, listeners[NET_MAX_LISTENERS];
    struct source *streams; /* a list */
    int epoll;
    atomic_bool stopping;
    atomic_uint_fast64_t messages, cut, lost, turned_away, connections;
    pthread_t reader, deliverer;
    bool reading, delivering;
    char *buffer;
};

const char *net_transport_name(enum net_transport t)
{
    static const char *const names[] = {[NET_UDP] = "udp", [NET_TCP] = "tcp", [NET_TLS] = "tls"};
    return names[t];
}

/* ---- senders ---- */

static bool address_of(const struct sockaddr_storage *sa, struct ip *out, char text[IP_TEXT_MAX])
{
    char t[INET6_ADDRSTRLEN] = "";
    const void *at = sa->ss_family == AF_INET
                         ? (const void *)&((const struct sockaddr_in *)sa)->sin_addr
                         : (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr;
    if (inet_ntop(sa->ss_family, at, t, sizeof(t)) == NULL || !ip_parse(str_from(t), out))
        return false;
    ip_format(*out, text);
    return true;
}

static bool welcome(struct net_receiver *r, struct ip from)
{
    bool in = r->o.n_networks == 0;
    for (size_t i = 0; i < r->o.n_networks && !in; i++)
        in = ip_in_net(from, r->o.networks[i]);
    if (!in)
        atomic_fetch_add(&r->turned_away, 1);
    return in;
}

static void take_message(struct net_receiver *r, const struct source *s, const char *peer,
                         struct str text, bool cut)
{
    struct net_message m = {.text = text,
                            .peer = str_from(peer),
                            .received = clock_now(r->o.clock),
                            .transport = s->transport,
                            .cut = cut};
    atomic_fetch_add(&r->messages, 1);
    if (cut)
        atomic_fetch_add(&r->cut, 1);
    net_batches_add(r->batches, &m);
}

/* ---- datagrams ---- */

static void count_lost(struct net_receiver *r, struct source *s, struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        uint32_t total = *(const uint32_t *)(const void *)CMSG_DATA(c);
        uint32_t n = total - s->overflow;
        s->overflow = total;
        if (n == 0)
            continue;
        atomic_fetch_add(&r->lost, n);
        r->o.sink.lost(r->o.sink.self, s->transport, n);
    }
}

/* false: nothing is there. */
static bool read_datagram(struct net_receiver *r, struct source *s)
{
    struct sockaddr_storage from;
    struct iovec part = {r->buffer, DATAGRAM_MAX};
    union {
        struct cmsghdr align;
        char bytes[256];
    } control;
    struct msghdr h = {.msg_name = &from,
                       .msg_namelen = sizeof(from),
                       .msg_iov = &part,
                       .msg_iovlen = 1,
                       .msg_control = &control,
                       .msg_controllen = sizeof(control)};
    struct ip ip;
    char peer[IP_TEXT_MAX];
    ssize_t got = recvmsg(s->fd, &h, 0);
    if (got < 0)
        return errno == EINTR;
    count_lost(r, s, &h);
    if (got == 0 || !address_of(&from, &ip, peer) || !welcome(r, ip))
        return true;
    size_t n = (size_t)got < r->o.max_message ? (size_t)got : r->o.max_message;
    take_message(r, s, peer, (struct str){r->buffer, n}, n < (size_t)got);
    return true;
}

/* ---- streams ---- */

static void watch(struct net_receiver *r, struct source *s, int how, uint32_t events)
{
    struct epoll_event ev = {.events = events, .data.ptr = s};
    CHECK(epoll_ctl(r->epoll, how, s->fd, &ev) == 0);
}

static void close_stream(struct net_receiver *r, struct source *s)
{
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        r->streams = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    net_stream_free(s->stream); /* the descriptor leaves epoll by being closed */
    net_frames_fini(&s->frames);
    xfree(s);
    atomic_fetch_sub(&r->connections, 1);
}

static void open_stream(struct net_receiver *r, const struct source *listener, int fd,
                        const char *peer)
{
    int yes = 1, idle = KEEPALIVE_S;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof(yes));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    struct net_stream *stream = net_stream_new(fd, listener->transport == NET_TLS ? r->tls : NULL);
    if (stream == NULL)
        return;
    struct source *s = xcalloc(1, sizeof(*s));
    s->kind = SOURCE_STREAM;
    s->transport = listener->transport;
    s->fd = fd;
    s->stream = stream;
    s->frames = net_frames_make(r->o.max_message);
    s->opened_us = clock_mono_us();
    snprintf(s->peer, sizeof(s->peer), "%s", peer);
    s->next = r->streams;
    if (s->next != NULL)
        s->next->previous = s;
    r->streams = s;
    atomic_fetch_add(&r->connections, 1);
    watch(r, s, EPOLL_CTL_ADD, EPOLLIN);
}

static void accept_one(struct net_receiver *r, struct source *listener)
{
    struct sockaddr_storage from;
    socklen_t n = sizeof(from);
    struct ip ip;
    char peer[IP_TEXT_MAX] = "";
    int fd = accept4(listener->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE) {
            LOG(LOG_ERROR, "net", "no file descriptor is left for a sender",
                log_i("port", listener->port));
            usleep(10000);
        }
        return;
    }
    bool in = address_of(&from, &ip, peer) && welcome(r, ip);
    if (in && atomic_load(&r->connections) >= r->o.max_connections) {
        atomic_fetch_add(&r->turned_away, 1);
        in = false;
    }
    if (in)
        open_stream(r, listener, fd, peer);
    else
        close(fd);
}

static void take_frames(struct net_receiver *r, struct source *s, bool at_end)
{
    struct str text;
    bool cut = false;
    while (net_frames_next(&s->frames, at_end, &text, &cut))
        take_message(r, s, s->peer, text, cut);
}

static void want(struct net_receiver *r, struct source *s, bool write)
{
    if (s->wants_write != write)
        watch(r, s, EPOLL_CTL_MOD, write ? EPOLLOUT : EPOLLIN);
    s->wants_write = write;
}

static void read_stream(struct net_receiver *r, struct source *s)
{
    bool tls = s->transport == NET_TLS; /* its library may hold bytes that epoll does not see */
    enum net_read got = NET_READ_SOME;
    for (int turn = 0; got == NET_READ_SOME && (tls || turn < READS_A_TURN); turn++) {
        size_t n = 0;
        got = net_stream_read(s->stream, r->buffer, READ_BYTES, &n);
        if (got != NET_READ_SOME)
            break;
        net_frames_add(&s->frames, (struct str){r->buffer, n});
        take_frames(r, s, false);
    }
    if (got == NET_READ_WAIT || got == NET_READ_WAIT_WRITE)
        want(r, s, got == NET_READ_WAIT_WRITE);
    if (got != NET_READ_END && got != NET_READ_BROKEN)
        return;
    if (net_stream_handshaking(s->stream)) {
        atomic_fetch_add(&r->turned_away, 1);
        LOG(LOG_WARN, "net", "a sender's TLS handshake failed", log_z("peer", s->peer));
    }
    take_frames(r, s, true); /* a connection that breaks must not cost its last message */
    close_stream(r, s);
}

/* ---- the reading thread ---- */

static void sweep(struct net_receiver *r)
{
    int64_t now = clock_mono_us();
    for (struct source *s = r->streams, *next; s != NULL; s = next) {
        next = s->next;
        if (!net_stream_handshaking(s->stream) || now - s->opened_us < HANDSHAKE_US)
            continue;
        atomic_fetch_add(&r->turned_away, 1);
        close_stream(r, s);
    }
}

static void serve(struct net_receiver *r, struct source *s)
{
    switch (s->kind) {
    case SOURCE_DATAGRAMS:
        for (int i = 0; i < DATAGRAMS_A_TURN && read_datagram(r, s); i++)
            continue;
        break;
    case SOURCE_ACCEPT:
        accept_one(r, s);
        break;
    case SOURCE_STREAM:
        read_stream(r, s);
        break;
    case SOURCE_WAKE:
        break;
    }
}

/* What the kernel took from senders before the end is read: to them it was sent. Those who never
 * cease sending are cut off after a second. */
static void read_the_rest(struct net_receiver *r)
{
    int64_t end_us = clock_mono_us() + REST_US;
    for (size_t i = 0; i < r->o.n_listen; i++)
        if (r->listeners[i].kind == SOURCE_DATAGRAMS)
            while (clock_mono_us() < end_us && read_datagram(r, &r->listeners[i]))
                continue;
    for (struct source *s = r->streams, *next; s != NULL; s = next) {
        next = s->next;
        size_t n = 0;
        while (clock_mono_us() < end_us &&
               net_stream_read(s->stream, r->buffer, READ_BYTES, &n) == NET_READ_SOME) {
            net_frames_add(&s->frames, (struct str){r->buffer, n});
            take_frames(r, s, false);
        }
        take_frames(r, s, true);
        close_stream(r, s);
    }
}

static void *read_all(void *self)
{
    struct net_receiver *r = self;
    struct epoll_event events[EVENTS];
    int64_t swept = clock_mono_us();
    while (!atomic_load(&r->stopping)) {
        int n = epoll_wait(r->epoll, events, EVENTS, SWEEP_MS);
        /* A stream is closed by its own event only, and has one event a turn. */
        for (int i = 0; i < n; i++)
            serve(r, events[i].data.ptr);
        if (clock_mono_us() - swept > SWEEP_MS * (int64_t)1000) {
            sweep(r);
            swept = clock_mono_us();
        }
    }
    read_the_rest(r);
    return NULL;
}

static void *deliver_all(void *self)
{
    struct net_receiver *r = self;
    net_batches_run(r->batches);
    return NULL;
}

/* ---- start and stop ---- */

static bool to_sockaddr(const struct net_listener *l, struct sockaddr_storage *out, socklen_t *n)
{
    struct sockaddr_in *four = (struct sockaddr_in *)out;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
    *out = (struct sockaddr_storage){0};
    if (inet_pton(AF_INET, l->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(l->port);
        *n = sizeof(*four);
        return true;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(l->port);
    *n = sizeof(*six);
    return inet_pton(AF_INET6, l->address, &six->sin6_addr) == 1;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage sa = {0};
    socklen_t n = sizeof(sa);
    if (getsockname(fd, (struct sockaddr *)&sa, &n) != 0)
        return 0;
    return ntohs(sa.ss_family == AF_INET ? ((const struct sockaddr_in *)&sa)->sin_port
                                         : ((const struct sockaddr_in6 *)&sa)->sin6_port);
}

static void set_options(int fd, bool datagrams)
{
    int yes = 1, size = KERNEL_BUFFER;
    if (!datagrams) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
        return;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &yes, sizeof(yes));
    /* The first needs a right, the second is bounded by the system: as much as can be had. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static bool open_listener(struct net_receiver *r, size_t i, struct err *e)
{
    const struct net_listener *l = &r->o.listen[i];
    struct source *s = &r->listeners[i];
    struct sockaddr_storage sa;
    socklen_t n = 0;
    bool datagrams = l->transport == NET_UDP;
    char where[300];
    snprintf(where, sizeof(where), "%s port %u (%s)", l->address, l->port,
             net_transport_name(l->transport));
    if (!to_sockaddr(l, &sa, &n))
        return err_set(e, ERR_INVALID, "'%s' is not an address of this machine", l->address);
    s->transport = l->transport;
    s->kind = datagrams ? SOURCE_DATAGRAMS : SOURCE_ACCEPT;
    s->fd = socket(sa.ss_family,
                   (datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return err_errno(e, "cannot make a socket for", where);
    set_options(s->fd, datagrams);
    if (bind(s->fd, (struct sockaddr *)&sa, n) != 0 || (!datagrams && listen(s->fd, BACKLOG) != 0))
        return err_errno(e, "cannot listen on", where);
    s->port = bound_port(s->fd);
    watch(r, s, EPOLL_CTL_ADD, EPOLLIN);
    return true;
}

static bool needs_tls(const struct net_options *o)
{
    for (size_t i = 0; i < o->n_listen; i++)
        if (o->listen[i].transport == NET_TLS)
            return true;
    return false;
}

static void set_defaults(struct net_receiver *r, const struct net_options *o)
{
    r->o = *o;
    r->o.max_message = o->max_message != 0 ? o->max_message : DEFAULT_MESSAGE;
    r->o.max_connections = o->max_connections != 0 ? o->max_connections : DEFAULT_CONNECTIONS;
    r->o.max_waiting = o->max_waiting != 0 ? o->max_waiting : DEFAULT_WAITING;
    r->networks = xcalloc(o->n_networks + 1, sizeof(*r->networks));
    for (size_t i = 0; i < o->n_networks; i++)
        r->networks[i] = o->networks[i];
    r->o.networks = r->networks;
    for (size_t i = 0; i < NET_MAX_LISTENERS; i++)
        r->listeners[i].fd = -1;
}

struct net_receiver *net_receiver_start(const struct net_options *o, struct err *e)
{
    struct net_receiver *r = xcalloc(1, sizeof(*r));
    CHECK(o->n_listen <= NET_MAX_LISTENERS);
    set_defaults(r, o);
    r->buffer = xmalloc(READ_BYTES > DATAGRAM_MAX ? READ_BYTES : DATAGRAM_MAX);
    r->batches = net_batches_new(r->o.max_waiting, &o->sink);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool ok = (r->epoll >= 0 && r->wake.fd >= 0) || err_errno(e, "cannot watch sockets", "epoll");
    if (ok)
        watch(r, &r->wake, EPOLL_CTL_ADD, EPOLLIN);
    if (ok && needs_tls(o)) {
        r->tls = net_tls_new(o, e);
        ok = r->tls != NULL;
    }
    for (size_t i = 0; ok && i < o->n_listen; i++)
        ok = open_listener(r, i, e);
    r->delivering = ok && pthread_create(&r->deliverer, NULL, deliver_all, r) == 0;
    r->reading = r->delivering && pthread_create(&r->reader, NULL, read_all, r) == 0;
    if (ok && !r->reading)
        ok = err_set(e, ERR_IO, "no thread can be started");
    if (ok)
        return r;
    net_receiver_stop(r, 0);
    net_receiver_free(r);
    return NULL;
}

void net_receiver_stop(struct net_receiver *r, int64_t grace_us)
{
    atomic_store(&r->stopping, true);
    net_batches_hurry(r->batches, grace_us);
    if (r->reading) {
        (void)eventfd_write(r->wake.fd, 1);
        (void)pthread_join(r->reader, NULL);
    }
    net_batches_end(r->batches);
    if (r->delivering)
        (void)pthread_join(r->deliverer, NULL);
    for (size_t i = 0; i < NET_MAX_LISTENERS; i++) {
        if (r->listeners[i].fd >= 0)
            close(r->listeners[i].fd);
        r->listeners[i].fd = -1;
    }
    r->reading = r->delivering = false;
}

void net_receiver_free(struct net_receiver *r)
{
    if (r == NULL)
        return;
    if (r->wake.fd >= 0)
        close(r->wake.fd);
    if (r->epoll >= 0)
        close(r->epoll);
    net_batches_free(r->batches);
    net_tls_free(r->tls);
    xfree(r->networks);
    xfree(r->buffer);
    xfree(r);
}

uint16_t net_receiver_port(const struct net_receiver *r, size_t listener)
{
    return r->listeners[listener].port;
}

struct net_stats net_receiver_stats(const struct net_receiver *r)
{
    return (struct net_stats){.messages = atomic_load(&r->messages),
                              .cut = atomic_load(&r->cut),
                              .lost = atomic_load(&r->lost),
                              .turned_away = atomic_load(&r->turned_away),
                              .connections = atomic_load(&r->connections)};
}
