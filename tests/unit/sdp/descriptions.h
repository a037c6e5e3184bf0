/* What the SDP tests share: descriptions that real browsers wrote (the fuzzer's seeds), and one of ours to break. */
#pragma once

#include "signaling/sdp/sdp.h"

#include <glib.h>
#include <string.h>

/* The smallest offer with everything in it that can be broken. */
#define TEST_FINGERPRINT     \
    "a=fingerprint:sha-256 " \
    "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F"
#define TEST_SESSION "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE a\r\n"
#define TEST_MEDIA                                                             \
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0 110\r\n"                             \
    "c=IN IP4 0.0.0.0\r\n"                                                     \
    "a=candidate:1 1 udp 2122260223 192.0.2.7 50000 typ host generation 0\r\n" \
    "a=ice-ufrag:abcd\r\n"                                                     \
    "a=ice-pwd:0123456789+/0123456789ab\r\n" TEST_FINGERPRINT "\r\n"           \
    "a=setup:actpass\r\n"                                                      \
    "a=mid:a\r\n"                                                              \
    "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"               \
    "a=sendrecv\r\n"                                                           \
    "a=rtcp-mux\r\n"                                                           \
    "a=rtpmap:111 opus/48000/2\r\n"                                            \
    "a=fmtp:111 minptime=10;useinbandfec=1\r\n"                                \
    "a=rtpmap:63 red/48000/2\r\n"                                              \
    "a=fmtp:63 111/111\r\n"                                                    \
    "a=rtpmap:110 telephone-event/48000\r\n"                                   \
    "a=ptime:20\r\n"                                                           \
    "a=ssrc:4294967295 cname:x\r\n"
#define TEST_OFFER TEST_SESSION TEST_MEDIA

/* `text` with the first place where `find` stands replaced; free with g_free, as the others here. */
char *test_replace(const char *text, const char *find, const char *replacement);

/* A browser's description by file name. */
char *test_load(const char *name);

/* Parses what must be accepted. */
cg_sdp *test_parse(const char *text, cg_sdp_kind kind);

/* "opus/111 PCMU/0 telephone-event/101@8000": the formats in order, the clock only where a name has two. */
char *test_formats(const cg_media_description *media);
