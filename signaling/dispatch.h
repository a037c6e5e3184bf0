/* From the text of a message to whoever handles it. */
#pragma once

#include "signaling/socket.h"

void cg_dispatch(cg_socket *socket, const char *text, size_t size);
