/* Limits and timeouts of calls, from the configuration's [calls] group. */
#pragma once

typedef struct {
    unsigned ring_timeout_s;       /* how long a destination rings; an application may say otherwise */
    unsigned reconnect_window_s;   /* how long a call goes on without its client's signalling */
    unsigned calls_per_client;     /* legs one client may have at a time */
    unsigned calls_per_account;    /* 0: no limit */
    unsigned devices_per_identity; /* registered clients with one identity */
} cg_call_policy;
