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

/* What the side that gets the result speaks. */
typedef enum {
    RTPENGINE_WEBRTC,
    RTPENGINE_PLAIN, /* RTP without ICE and DTLS */
    RTPENGINE_PCMU,  /* so, and nothing but PCMU: Opus is translated */
} rtpengine_media;

typedef struct {
    const char *call_id;
    const char *from_tag, *to_tag; /* to_tag NULL: this is the offer */
    const char *sdp;
    rtpengine_media media;
} rtpengine_request;

/* The description for the other side; free with g_free. */
char *rtpengine_client_describe(rtpengine_client *client, const rtpengine_request *request);
