/* Messages from sockets: UDP datagrams, and frames of TCP and TLS streams. Knows no domain word.
 * One thread reads all sockets, another hands what came to the owner in batches, so that reading
 * goes on while a batch is stored; when too much waits, reading stops, and senders over TCP wait.
 */
#pragma once
#include "base/clock.h"
#include "text/ip.h"

enum net_transport { NET_UDP, NET_TCP, NET_TLS };
enum { NET_TRANSPORTS = NET_TLS + 1, NET_MAX_LISTENERS = 8 };
const char *net_transport_name(enum net_transport t); /* "udp", "tcp", "tls" */

struct net_message {
    struct str text;
    struct str peer;  /* the sender's address */
    int64_t received; /* ticks */
    enum net_transport transport;
    bool cut; /* it was longer than max_message; the rest is gone */
};
struct net_listener {
    const char *address; /* of this machine, numeric */
    uint16_t port;       /* 0: any */
    enum net_transport transport;
};
/* What becomes of the messages. Called by one thread at a time. */
struct net_sink {
    void *self;
    /* All of one batch, until the call returns. false: nothing was taken, the same batch comes
     * again. final: the receiver is being closed and this is the last time. */
    bool (*deliver)(void *self, const struct net_message *messages, size_t n, bool final);
    /* n datagrams never came as far as a batch: the kernel's buffer was full. */
    void (*lost)(void *self, enum net_transport t, uint64_t n);
};
struct net_options {
    struct net_listener listen[NET_MAX_LISTENERS];
    size_t n_listen;
    struct str cert_pem, key_pem;  /* NET_TLS: chain and key */
    struct str client_ca_pem;      /* senders must show a certificate that it signed; empty: none */
    const struct ip_net *networks; /* senders outside of them are turned away */
    size_t n_networks;             /* 0: any sender */
    size_t max_message;            /* bytes; 0 = 64 KiB */
    size_t max_connections;        /* 0 = 1,000 */
    size_t max_waiting;            /* bytes of a batch that is not full yet; 0 = 16 MiB */
    struct clock *clock;           /* borrowed */
    struct net_sink sink;
};
struct net_stats {
    uint64_t messages, cut, lost; /* lost: datagrams that the kernel dropped */
    uint64_t turned_away;         /* by network, for too many connections, failed handshakes */
    uint64_t connections;         /* open now */
};

struct net_receiver;
/* Binds and starts; o and what it points to are not needed afterwards, but for the clock and the
 * sink. Errors: ERR_IO (address in use, no right to a port below 1024), ERR_INVALID
 * (address, certificate). */
struct net_receiver *net_receiver_start(const struct net_options *o, struct err *e) MUST_USE;
/* Reads what the kernel still holds, delivers it (for grace_us at most while the sink refuses),
 * closes the sockets. Its figures can be asked until it is freed. */
void net_receiver_stop(struct net_receiver *r, int64_t grace_us);
void net_receiver_free(struct net_receiver *r); /* stopped before; NULL is fine */
uint16_t net_receiver_port(const struct net_receiver *r, size_t listener);
struct net_stats net_receiver_stats(const struct net_receiver *r);

/* ---- frames of a stream (RFC 6587) ----
 * "LENGTH SP message" when the length is followed by '<', else lines that end with LF or NUL. */
struct net_frames {
    struct sbuf in;
    size_t from;        /* what is before it was given out */
    size_t skip;        /* bytes of a frame that was cut, still to come */
    bool skip_line;     /* the same, up to the end of the line */
    size_t max_message; /* bytes */
};
struct net_frames net_frames_make(size_t max_message);
void net_frames_fini(struct net_frames *f);
void net_frames_add(struct net_frames *f, struct str bytes);
/* The next whole message, borrowed until the next net_frames_add; false: more bytes are needed.
 * at_end: the stream has ended, what is left is a message. *cut: it was longer than max_message. */
bool net_frames_next(struct net_frames *f, bool at_end, struct str *out, bool *cut) MUST_USE;
