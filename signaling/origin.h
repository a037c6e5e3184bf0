/* Who may use the gateway from a browser: the Origin and Host headers of a request (RFC 6454, RFC 9110 section 7.2).
 * Guards against pages of other sites (cross-site WebSocket hijacking), not against programs, which send what they
 * like. */
#pragma once

#include <stdbool.h>

/* True if a page of `origin` may: no Origin header at all (`origin` is NULL: not a browser), same origin as `host`
 * (NULL: no Host header), in `allowed`, or `allowed` has "*". The scheme is left out of the comparison, because a proxy
 * in front may speak TLS for us. */
bool cg_origin_allowed(const char *origin, const char *host, const char *const *allowed);

/* True if `host` is a plain host or host:port: safe to be written into a header. */
bool cg_host_valid(const char *host);

/* True if `host` names this machine by a name that DNS cannot be made to lie about: localhost, 127.0.0.0/8, [::1]. */
bool cg_host_is_loopback(const char *host);
