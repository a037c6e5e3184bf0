/* The one place that calls libjwt to verify. What it must be kept from (read in its source, 1.10.2):
 *
 * - it takes the algorithm from the token, so an RSA public key becomes an HMAC secret: the algorithm is compared with
 *   the key's before (token.c) and once more after, in what libjwt itself understood;
 * - without a key it verifies nothing and reports success: an empty key is a bug of ours and aborts;
 * - it checks no claims, skips what is not base64 and takes duplicate names: it only sees text that jws.c has read, and
 *   nothing it decoded is used;
 * - it leaves what OpenSSL complained about in the thread's error queue, where the next SSL_get_error() of a TLS
 * connection on the same thread would find it and close that connection: the queue is put back as it was. */
#include "auth/jws.h"

#include <glib.h>
#include <jwt.h>
#include <openssl/err.h>
#include <string.h>

static jwt_alg_t jwt_algorithm(cg_algorithm algorithm)
{
    switch (algorithm) {
    case CG_ALGORITHM_HS256:
        return JWT_ALG_HS256;
    case CG_ALGORITHM_HS384:
        return JWT_ALG_HS384;
    case CG_ALGORITHM_HS512:
        return JWT_ALG_HS512;
    case CG_ALGORITHM_ES256:
        return JWT_ALG_ES256;
    case CG_ALGORITHM_RS256:
        return JWT_ALG_RS256;
    }
    g_assert_not_reached();
}

bool cg_jws_verify(const cg_jws *jws, cg_algorithm algorithm, const char *key)
{
    g_assert(key && key[0] != '\0');
    if (jws->signature_size == 0)
        return false;
    jwt_t *verified = NULL;
    ERR_set_mark();
    int error = jwt_decode(&verified, jws->text, (const unsigned char *) key, (int) strlen(key));
    ERR_pop_to_mark();
    bool valid = error == 0 && verified && jwt_get_alg(verified) == jwt_algorithm(algorithm);
    jwt_free(verified);
    return valid;
}
