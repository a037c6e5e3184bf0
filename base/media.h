/* The vocabulary that SDP (signaling) and the bridge share, so that neither includes the other:
 * codecs, header extensions, ICE credentials, fingerprints, candidates, and one audio section made of them. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CG_CODEC_OPUS,                  /* RFC 7587, 48000/2 */
    CG_CODEC_G722,                  /* RFC 3551, 8000 (sic) */
    CG_CODEC_PCMU,                  /* RFC 3551, 8000 */
    CG_CODEC_PCMA,                  /* RFC 3551, 8000 */
    CG_CODEC_RED,                   /* RFC 2198 over Opus, 48000/2 */
    CG_CODEC_CN,                    /* RFC 3389, 8000 */
    CG_CODEC_TELEPHONE_EVENT_48000, /* RFC 4733 at Opus's clock */
    CG_CODEC_TELEPHONE_EVENT_8000,
    CG_CODEC_COUNT
} cg_codec;

typedef struct {
    const char *name;        /* encoding name as in rtpmap, RFC 8866 section 6.6 */
    uint32_t clock_rate;     /* Hz, of the RTP timestamp */
    uint8_t channels;        /* as in rtpmap; 1 is left out when written */
    int static_payload_type; /* RFC 3551 table 4, or -1 */
    bool speech;             /* carries speech by itself (not RED, CN or events) */
} cg_codec_info;

const cg_codec_info *cg_codec_get_info(cg_codec codec);

/* The codec for an rtpmap's name (any case), clock and channels; CG_CODEC_COUNT if Callgate does not speak it. */
cg_codec cg_codec_find(const char *name, uint32_t clock_rate, unsigned channels);

#define CG_MAX_FORMATS CG_CODEC_COUNT /* each codec once: a second payload type for it means nothing to us */
#define CG_MAX_FMTP 191               /* every parameter of Opus at its longest takes 170 */

typedef struct {
    cg_codec codec;
    uint8_t payload_type;       /* 0..127 */
    char fmtp[CG_MAX_FMTP + 1]; /* format parameters without "a=fmtp:N ", empty if none */
} cg_format;

typedef enum {
    CG_EXTENSION_AUDIO_LEVEL, /* urn:ietf:params:rtp-hdrext:ssrc-audio-level, RFC 6464 */
    CG_EXTENSION_COUNT
} cg_extension;

const char *cg_extension_uri(cg_extension extension);

typedef enum {
    CG_DIRECTION_INACTIVE = 0,
    CG_DIRECTION_SENDONLY = 1,
    CG_DIRECTION_RECVONLY = 2,
    CG_DIRECTION_SENDRECV = 3
} cg_direction;

#define CG_ICE_UFRAG_MAX 32 /* we refuse longer ones; RFC 8839 allows 256, browsers send 4 to 8 */
#define CG_ICE_PWD_MAX 128  /* RFC 8839 allows 256, browsers send 22 to 32 */

typedef struct {
    char ufrag[CG_ICE_UFRAG_MAX + 1];
    char pwd[CG_ICE_PWD_MAX + 1];
} cg_ice_credentials;

/* Fresh local credentials: 8 characters of ufrag, 24 of pwd (RFC 8445 section 5.3 asks for 24 and 128 bits). */
cg_ice_credentials cg_ice_credentials_new(void);

typedef enum { CG_HASH_SHA1, CG_HASH_SHA256, CG_HASH_SHA384, CG_HASH_SHA512 } cg_hash;

typedef struct {
    cg_hash hash; /* sha-256 or stronger; sha-1 is refused when parsed */
    uint8_t size; /* bytes used of digest */
    uint8_t digest[64];
} cg_fingerprint;

/* The same hash of the same certificate. Hashes of different kinds never compare, whatever they are of. */
bool cg_fingerprint_equal(const cg_fingerprint *a, const cg_fingerprint *b);

typedef enum {
    CG_CANDIDATE_HOST,
    CG_CANDIDATE_SERVER_REFLEXIVE,
    CG_CANDIDATE_PEER_REFLEXIVE,
    CG_CANDIDATE_RELAYED,
} cg_candidate_type;

/* Component 1 over UDP: there is no other here. */
typedef struct {
    struct sockaddr_storage address; /* IPv4 or IPv6 with port */
    uint32_t priority;               /* RFC 8445 section 5.1.2 */
    bool tcp;                        /* passive: the peer connects (RFC 6544) */
    char foundation[33];
    cg_candidate_type type;
    char ufrag[CG_ICE_UFRAG_MAX + 1]; /* of the peer whose candidate it is; empty: not said */
} cg_candidate;

#define CG_SRTP_MASTER_SIZE 30 /* AES_CM_128_HMAC_SHA1: key 16 + salt 14, RFC 5764 section 4.1.2 */

typedef enum { CG_SRTP_AES128_CM_SHA1_80, CG_SRTP_AES128_CM_SHA1_32 } cg_srtp_profile;

/* A key in a description (SDES, RFC 4568): what its author sends is protected with it. */
typedef struct {
    uint32_t tag; /* 0..999999999; by it an answer names what it takes of an offer */
    cg_srtp_profile profile;
    uint8_t master[CG_SRTP_MASTER_SIZE];
} cg_crypto;

#define CG_MAX_CRYPTO 4 /* keys of an offer that are looked at */

/* A key that nobody knows yet. */
cg_crypto cg_crypto_new(uint32_t tag, cg_srtp_profile profile);

/* Where the author of a description without ICE wants its media (c=, the port of m=, a=rtcp). */
typedef struct {
    struct sockaddr_storage media; /* family AF_UNSPEC: the description is one with ICE */
    struct sockaddr_storage rtcp;  /* the same as `media` with mux */
    bool mux;                      /* RTP and RTCP on one port (RFC 5761), offered or taken */
    bool savp;                     /* RTP/SAVP, not RTP/AVP */
} cg_rtp_address;

/* Its media is to go nowhere: the old way to hold (c=0.0.0.0, RFC 3264 section 8.4). */
bool cg_rtp_address_is_nowhere(const cg_rtp_address *address);

/* One audio section as one side describes it. What the remote said, or what we say, by context. ICE and a fingerprint
 * (WebRTC) or an address (phones), there perhaps with keys. */
typedef struct {
    cg_ice_credentials ice;
    cg_fingerprint fingerprint;
    cg_rtp_address rtp;
    cg_direction direction;            /* as its author wrote it */
    cg_format formats[CG_MAX_FORMATS]; /* in the author's order of preference */
    size_t format_count;
    uint8_t extensions[CG_EXTENSION_COUNT]; /* id 1..14 under which the extension goes, 0: not used */
    uint32_t ssrc;                          /* of the author's stream; 0 if it did not say */
    unsigned ptime_ms;                      /* 0: not said */
    unsigned max_ptime_ms;                  /* 0: not said */
    cg_crypto crypto[CG_MAX_CRYPTO];        /* by preference; once both sides have spoken, one or none */
    size_t crypto_count;                    /* 0: RTP in the clear, or keys by DTLS */
} cg_media_description;

/* The format with that codec or payload type; NULL if there is none. */
const cg_format *cg_media_find_codec(const cg_media_description *media, cg_codec codec);
bool cg_media_has_events(const cg_media_description *media); /* telephone-event, at any clock */
const cg_format *cg_media_find_payload_type(const cg_media_description *media, uint8_t payload_type);

/* Forgets the keys, so that no memory keeps them. */
void cg_media_wipe_keys(cg_media_description *media);
