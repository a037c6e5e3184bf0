/* A TCP connection of a peer, as ICE-TCP uses it: frames in, frames out, never waiting. What the peer does not read
 * fast enough is dropped, as a network would drop it. One thread at a time has it: the acceptor, then a worker. */
#pragma once

#include "bridge/tcp/tcp_frames.h"
#include "bridge/transport/path.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Frames that wait for a peer beside what the kernel holds: two seconds of audio; later ones come too late to be of
 * use. */
#define CG_TCP_QUEUE_SIZE 16384

typedef struct {
    int fd;       /* owned */
    cg_path path; /* scope: the number that the worker gave it */
    cg_tcp_frames frames;
    size_t queue_start, queue_end;
    uint8_t queue[CG_TCP_QUEUE_SIZE];
} cg_tcp_connection;

/* Takes the next connection of a listening socket. NULL, and errno, if there is none or it cannot be had. */
cg_tcp_connection *cg_tcp_connection_accept(int listening_fd);
void cg_tcp_connection_free(cg_tcp_connection *connection); /* closes it */

typedef enum { CG_TCP_READ, CG_TCP_READ_LATER, CG_TCP_READ_END } cg_tcp_read_status;

/* Reads once, for cg_tcp_frames_next. END: the peer has closed, or the connection is broken. */
cg_tcp_read_status cg_tcp_connection_read(cg_tcp_connection *connection);

/* Sends a packet of at most CG_UDP_MAX_DATAGRAM octets as a frame, or keeps it until there is room for it. False if it
 * was dropped. A broken connection is noticed when it is read. */
bool cg_tcp_connection_send(cg_tcp_connection *connection, const uint8_t *data, size_t size);

/* The socket takes octets again. */
void cg_tcp_connection_flush(cg_tcp_connection *connection);
bool cg_tcp_connection_is_waiting(const cg_tcp_connection *connection); /* to be flushed */
