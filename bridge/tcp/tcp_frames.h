/* Frames of a TCP stream (RFC 4571, for ICE RFC 6544 section 3): each packet behind its length in 16 bits. Bytes in,
 * frames out; no I/O. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CG_TCP_FRAME_HEADER 2
#define CG_TCP_READ_SIZE 4096 /* octets read at a time, and more than the longest frame */

typedef struct {
    uint8_t data[CG_TCP_READ_SIZE];
    size_t start, end; /* what is there and has not been given out */
} cg_tcp_frames;

typedef enum {
    CG_TCP_FRAME,          /* one is there */
    CG_TCP_FRAME_PARTIAL,  /* more octets are needed */
    CG_TCP_FRAME_TOO_LONG, /* longer than CG_UDP_MAX_DATAGRAM: the stream is of no use any more */
} cg_tcp_frame_status;

/* Where the next octets go, and how many there may be: never none after cg_tcp_frames_next said PARTIAL. What was
 * given out goes away. */
uint8_t *cg_tcp_frames_room(cg_tcp_frames *frames, size_t *ret_room);
/* So many were put there. */
void cg_tcp_frames_add(cg_tcp_frames *frames, size_t size);

/* The next frame, valid until room is asked for; empty ones, which RFC 4571 section 2 allows, are passed over. */
cg_tcp_frame_status cg_tcp_frames_next(cg_tcp_frames *frames, const uint8_t **ret_data, size_t *ret_size);

/* Gives back the frame that was last given out, of that size: the next one is it again. */
void cg_tcp_frames_unread(cg_tcp_frames *frames, size_t size);
