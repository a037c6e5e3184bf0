/* ICE-lite (RFC 8445 section 2.5) for one leg on libnice's STUN functions: answers connectivity checks, tells which
 * validated and which nominated. Bytes in, bytes out; no I/O, no clock, no allocation of its own. */
#pragma once

#include "base/media.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define CG_STUN_MAX_REPLY 512

/* True if a datagram's first bytes say STUN (RFC 7983 demultiplexing and the magic cookie). */
bool cg_stun_is_message(const uint8_t *data, size_t size);

/* Our half of a Binding request's USERNAME ("ours:theirs"), by which a leg is found. False if the message is not a
 * well-formed request with one. `ret_ufrag` is NUL-terminated. */
bool cg_stun_peek_ufrag(const uint8_t *data, size_t size, char ret_ufrag[static CG_ICE_UFRAG_MAX + 1]);

typedef struct {
    cg_ice_credentials local;    /* in force */
    cg_ice_credentials previous; /* those of the pair in use while a restart is under way; empty if there is none */
    bool nominated;              /* a pair was nominated with `local` */
    char remote_ufrag[CG_ICE_UFRAG_MAX + 1]; /* empty until known (checks may come before the answer): not checked */
    char previous_remote_ufrag[CG_ICE_UFRAG_MAX + 1];
} cg_ice_lite;

void cg_ice_lite_init(cg_ice_lite *ice, const cg_ice_credentials *local);

/* New local credentials (RFC 8445 section 9). Those of the pair in use are answered until the new ones have
 * nominated; the remote ufrag is unknown again. */
void cg_ice_lite_restart(cg_ice_lite *ice, const cg_ice_credentials *local);

/* The ufrag that belongs to `local`: after a restart, call it after cg_ice_lite_restart. */
void cg_ice_lite_set_remote(cg_ice_lite *ice, const char *remote_ufrag);

typedef enum {
    CG_ICE_REJECTED,  /* malformed, wrong integrity or user name (no reply: the source proved nothing), or an unknown
                         attribute or role conflict (error reply) */
    CG_ICE_CHECKED,   /* valid check: the source may send media and has given consent */
    CG_ICE_NOMINATED, /* valid check with USE-CANDIDATE: media goes there from now on */
} cg_ice_result;

/* Handles one STUN message for this leg that came from `from`. `*ret_reply_size` is 0 if nothing is to be sent back. */
cg_ice_result cg_ice_lite_receive(cg_ice_lite *ice, const uint8_t *data, size_t size,
                                  const struct sockaddr_storage *from, uint8_t ret_reply[static CG_STUN_MAX_REPLY],
                                  size_t *ret_reply_size);
