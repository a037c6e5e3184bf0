/* The listening socket. We accept ourselves and hand the descriptor to libwebsockets, because its own listener spins
 * when the process is out of descriptors and cannot count per address before it has allocated. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

typedef struct cg_listener cg_listener;

/* `accepted` owns the descriptor, which is non-blocking and close-on-exec. */
typedef void (*cg_listener_accepted)(int fd, const struct sockaddr *peer, void *user);

/* `address` is numeric; "::" serves IPv4 as well. NULL and a message (free with g_free) if it cannot listen. */
cg_listener *cg_listener_new(uv_loop_t *loop, const char *address, uint16_t port, cg_listener_accepted accepted,
                             void *user, char **ret_error);

/* No more `accepted` from here on; frees itself when the loop has closed its handles. NULL is allowed. */
void cg_listener_close(cg_listener *listener);

uint16_t cg_listener_port(const cg_listener *listener);
