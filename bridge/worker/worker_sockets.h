/* Opening a worker's sockets: IPv4 and IPv6 on one port. */
#pragma once

#include "bridge/worker/worker.h"

/* False and a message (g_free) if the port cannot be had. IPv6 that the host does not have is left out. */
bool cg_worker_open_sockets(cg_worker *worker, char **ret_error);
