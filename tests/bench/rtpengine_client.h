/* The ng control protocol of rtpengine: dictionaries in bencode over UDP, one request at a time. */
#pragma once

#include "tests/bench/bench_loop.h"

#include <netinet/in.h>
#include <stdbool.h>

typedef struct rtpengine_client rtpengine_client;

rtpengine_client *rtpengine_client_new(bench_loop *loop, const struct sockaddr_in *server);
void rtpengine_client_free(rtpengine_client *client);

/* Whether it answers within `timeout_us`. */
bool rtpengine_client_ping(rtpengine_client *client, int64_t timeout_us);

typedef struct {
    const char *call_id;
    const char *from_tag, *to_tag; /* to_tag NULL: this is the offer */
    const char *sdp;
    bool plain; /* the side that gets the result speaks RTP without ICE and DTLS */
} rtpengine_request;

/* The description for the other side; free with g_free. */
char *rtpengine_client_describe(rtpengine_client *client, const rtpengine_request *request);
