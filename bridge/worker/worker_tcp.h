/* A worker's TCP connections. Each is a path of one of its legs: it comes with the check that makes it one, and goes
 * when the leg drops the path or the peer closes. GLib polls every descriptor it has, so they hang together on an epoll
 * descriptor, which is the only one it sees. All on the worker's thread but the posting. */
#pragma once

#include "bridge/tcp/tcp_acceptor.h"
#include "bridge/worker/worker.h"

cg_worker_tcp *cg_worker_tcp_new(void);
void cg_worker_tcp_free(cg_worker_tcp *tcp); /* no connection is open any more */

/* Readable while a connection wants something: then cg_worker_tcp_serve. */
int cg_worker_tcp_fd(const cg_worker_tcp *tcp);
void cg_worker_tcp_serve(cg_worker *worker);

/* cg_worker_send and cg_worker_buffer for paths that are connections. Sent at once: `data` need not stay. */
void cg_worker_tcp_send(cg_worker *worker, const cg_path *path, const uint8_t *data, size_t size);
uint8_t *cg_worker_tcp_buffer(cg_worker *worker);

/* The leg has dropped the path. */
void cg_worker_tcp_close(cg_worker *worker, const cg_path *path);

/* From the acceptor's thread: the worker takes the connection, looks at its first check and settles `place`. */
void cg_worker_post_connection(cg_worker *worker, cg_tcp_connection *connection, cg_tcp_acceptor *acceptor,
                               unsigned place);
