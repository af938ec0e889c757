/* What the files of this folder share. */
#pragma once
#include "net/net.h"

/* ---- stream.c: bytes of a connection, plain or TLS ---- */
struct net_tls; /* certificate and rules for all connections */
/* Errors: ERR_INVALID naming what is wrong with which PEM text. */
struct net_tls *net_tls_new(const struct net_options *o, struct err *e) MUST_USE;
void net_tls_free(struct net_tls *t);

struct net_stream;
struct net_stream *net_stream_new(int fd, struct net_tls *t); /* t NULL: plain; takes fd */
void net_stream_free(struct net_stream *s);
enum net_read { NET_READ_SOME, NET_READ_WAIT, NET_READ_WAIT_WRITE, NET_READ_END, NET_READ_BROKEN };
enum net_read net_stream_read(struct net_stream *s, char *buf, size_t n, size_t *out_n);
bool net_stream_handshaking(const struct net_stream *s);
int net_stream_fd(const struct net_stream *s);

/* ---- batch.c: what was read and not yet delivered ---- */
struct net_batches;
struct net_batches *net_batches_new(size_t max_waiting, const struct net_sink *sink);
/* Waits while too much waits; after net_batches_hurry it never waits. */
void net_batches_add(struct net_batches *b, const struct net_message *m);
/* The delivering thread's life: until net_batches_end was called and nothing is left. */
void net_batches_run(struct net_batches *b);
/* From now on a sink that refuses for grace_us gets its last chance. */
void net_batches_hurry(struct net_batches *b, int64_t grace_us);
void net_batches_end(struct net_batches *b);
void net_batches_free(struct net_batches *b);
