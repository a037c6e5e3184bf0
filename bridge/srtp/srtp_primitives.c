/* The two primitives of AES_CM_128_HMAC_SHA1. The thing to know: per packet nothing is allocated, fetched or locked,
 * and little memory is touched that another peer's packet has not just used.
 *
 * That rules out OpenSSL 3's EVP interface for the HMAC (restarting or copying a digest context allocates), so SHA-1 is
 * used through its older interface, whose context is a plain struct: of the state after the key block the five words
 * that it comes to are kept. AES runs through EVP, one block at a time as far as EVP knows: giving a counter mode a new
 * counter costs more than making the counters here. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "bridge/srtp/srtp_primitives.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

#define ICM_KEY_SIZE 16
#define ICM_SALT_SIZE 14
#define ICM_BLOCK_SIZE 16
#define HMAC_BLOCK_SIZE 64

#define ICM_BLOCKS_AT_ONCE 16

typedef struct {
    EVP_CIPHER_CTX *evp;             /* electronic codebook: the keystream is what becomes of the counters */
    uint8_t salt[ICM_BLOCK_SIZE];    /* session salt, its last two bytes 0: there the block counter runs */
    uint8_t counter[ICM_BLOCK_SIZE]; /* of the packet's first block */
    unsigned position;               /* octets of the packet's keystream that were used */
} icm_state;

typedef struct {
    uint32_t words[5];
} sha1_words;

typedef struct {
    sha1_words inner, outer; /* after the key block xor ipad, xor opad: RFC 2104 section 4 */
    SHA_CTX running;
} hmac_state;

static srtp_err_status_t icm_alloc(srtp_cipher_pointer_t *ret_cipher, int key_size, int tag_size)
{
    if (key_size != ICM_KEY_SIZE + ICM_SALT_SIZE)
        return srtp_err_status_bad_param;
    icm_state *state = g_new0(icm_state, 1);
    state->evp = EVP_CIPHER_CTX_new();
    g_assert(state->evp);
    srtp_cipher_t *cipher = g_new0(srtp_cipher_t, 1);
    *cipher = (srtp_cipher_t){
        .type = &cg_srtp_aes_icm_128, .state = state, .key_len = key_size, .algorithm = SRTP_AES_ICM_128};
    *ret_cipher = cipher;
    return srtp_err_status_ok;
}

static srtp_err_status_t icm_dealloc(srtp_cipher_pointer_t cipher)
{
    icm_state *state = cipher->state;
    EVP_CIPHER_CTX_free(state->evp); /* cleanses the key schedule */
    OPENSSL_cleanse(state, sizeof *state);
    g_free(state);
    g_free(cipher);
    return srtp_err_status_ok;
}

static srtp_err_status_t icm_init(void *opaque, const uint8_t *key)
{
    icm_state *state = opaque;
    memset(state->salt, 0, sizeof state->salt);
    memcpy(state->salt, key + ICM_KEY_SIZE, ICM_SALT_SIZE);
    bool works = EVP_EncryptInit_ex(state->evp, EVP_aes_128_ecb(), NULL, key, NULL) == 1 &&
                 EVP_CIPHER_CTX_set_padding(state->evp, 0) == 1;
    return works ? srtp_err_status_ok : srtp_err_status_init_fail;
}

static srtp_err_status_t icm_set_iv(void *opaque, uint8_t *iv, srtp_cipher_direction_t direction)
{
    icm_state *state = opaque;
    for (size_t i = 0; i < ICM_BLOCK_SIZE; i++)
        state->counter[i] = state->salt[i] ^ iv[i];
    state->position = 0;
    return srtp_err_status_ok;
}

/* RFC 3711 section 4.1.1: the counter of block n of a packet is that of its first block plus n, modulo 2^128. No packet
 * has so many blocks that more than the last two octets, which began as zeros, would change. */
static void write_counters(const icm_state *state, unsigned first, unsigned blocks, uint8_t *ret_counters)
{
    for (unsigned i = 0; i < blocks; i++) {
        uint8_t *counter = ret_counters + i * ICM_BLOCK_SIZE;
        memcpy(counter, state->counter, ICM_BLOCK_SIZE - 2);
        counter[ICM_BLOCK_SIZE - 2] = (uint8_t) ((first + i) >> 8);
        counter[ICM_BLOCK_SIZE - 1] = (uint8_t) (first + i);
    }
}

static srtp_err_status_t icm_crypt(void *opaque, uint8_t *data, unsigned int *size)
{
    icm_state *state = opaque;
    uint8_t keystream[ICM_BLOCKS_AT_ONCE * ICM_BLOCK_SIZE];
    for (unsigned done = 0; done < *size;) {
        unsigned skipped = state->position % ICM_BLOCK_SIZE;
        unsigned count = MIN(*size - done, (unsigned) sizeof keystream - skipped);
        unsigned blocks = (skipped + count + ICM_BLOCK_SIZE - 1) / ICM_BLOCK_SIZE;
        int written;
        write_counters(state, state->position / ICM_BLOCK_SIZE, blocks, keystream);
        if (EVP_EncryptUpdate(state->evp, keystream, &written, keystream, (int) (blocks * ICM_BLOCK_SIZE)) != 1)
            return srtp_err_status_cipher_fail;
        for (unsigned i = 0; i < count; i++)
            data[done + i] ^= keystream[skipped + i];
        state->position += count;
        done += count;
    }
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_alloc(srtp_auth_pointer_t *ret_auth, int key_size, int tag_size)
{
    if (key_size < 0 || key_size > HMAC_BLOCK_SIZE || tag_size < 0 || tag_size > SHA_DIGEST_LENGTH)
        return srtp_err_status_bad_param;
    srtp_auth_t *auth = g_new0(srtp_auth_t, 1);
    *auth = (srtp_auth_t){
        .type = &cg_srtp_hmac_sha1, .state = g_new0(hmac_state, 1), .out_len = tag_size, .key_len = key_size};
    *ret_auth = auth;
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_dealloc(srtp_auth_pointer_t auth)
{
    OPENSSL_cleanse(auth->state, sizeof(hmac_state));
    g_free(auth->state);
    g_free(auth);
    return srtp_err_status_ok;
}

static sha1_words absorb_key_block(const uint8_t *key, size_t key_size, uint8_t pad)
{
    SHA_CTX context;
    uint8_t block[HMAC_BLOCK_SIZE];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key_size; i++)
        block[i] ^= key[i];
    SHA1_Init(&context);
    SHA1_Update(&context, block, sizeof block);
    sha1_words words = {{context.h0, context.h1, context.h2, context.h3, context.h4}};
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&context, sizeof context);
    return words;
}

static void resume(SHA_CTX *running, const sha1_words *words)
{
    const uint32_t *h = words->words;
    running->h0 = h[0], running->h1 = h[1], running->h2 = h[2], running->h3 = h[3], running->h4 = h[4];
    running->Nl = HMAC_BLOCK_SIZE * 8; /* bits so far */
    running->Nh = running->num = 0;
}

static srtp_err_status_t hmac_init(void *opaque, const uint8_t *key, int key_size)
{
    hmac_state *state = opaque;
    if (key_size < 0 || key_size > HMAC_BLOCK_SIZE)
        return srtp_err_status_bad_param;
    state->inner = absorb_key_block(key, (size_t) key_size, 0x36);
    state->outer = absorb_key_block(key, (size_t) key_size, 0x5c);
    resume(&state->running, &state->inner);
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_start(void *opaque)
{
    hmac_state *state = opaque;
    resume(&state->running, &state->inner);
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_update(void *opaque, const uint8_t *data, int size)
{
    hmac_state *state = opaque;
    SHA1_Update(&state->running, data, (size_t) size);
    return srtp_err_status_ok;
}

static srtp_err_status_t hmac_compute(void *opaque, const uint8_t *data, int size, int tag_size, uint8_t *tag)
{
    hmac_state *state = opaque;
    uint8_t digest[SHA_DIGEST_LENGTH];
    if (tag_size < 0 || tag_size > SHA_DIGEST_LENGTH)
        return srtp_err_status_bad_param;
    SHA1_Update(&state->running, data, (size_t) size);
    SHA1_Final(digest, &state->running);
    resume(&state->running, &state->outer);
    SHA1_Update(&state->running, digest, sizeof digest);
    SHA1_Final(digest, &state->running);
    memcpy(tag, digest, (size_t) tag_size);
    return srtp_err_status_ok;
}

/* RFC 3711 appendix B.2: the first blocks of keystream, as the encryption of zeros. */
static const uint8_t icm_test_key[ICM_KEY_SIZE + ICM_SALT_SIZE] = {
    0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f,
    0x3c, 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd};
static const uint8_t icm_test_zeros[32];
static const uint8_t icm_test_keystream[32] = {0xe0, 0x3e, 0xad, 0x09, 0x35, 0xc9, 0x5e, 0x80, 0xe1, 0x66, 0xb1,
                                               0x6d, 0xd9, 0x2b, 0x4e, 0xb4, 0xd2, 0x35, 0x13, 0x16, 0x2b, 0x02,
                                               0xd0, 0xf7, 0x2a, 0x43, 0xa2, 0xfe, 0x4a, 0x5f, 0x97, 0xab};
static const srtp_cipher_test_case_t icm_test = {
    .key_length_octets = sizeof icm_test_key,
    .key = icm_test_key,
    .idx = (uint8_t *) icm_test_zeros,
    .plaintext_length_octets = sizeof icm_test_zeros,
    .plaintext = icm_test_zeros,
    .ciphertext_length_octets = sizeof icm_test_keystream,
    .ciphertext = icm_test_keystream,
};

const srtp_cipher_type_t cg_srtp_aes_icm_128 = {
    .alloc = icm_alloc,
    .dealloc = icm_dealloc,
    .init = icm_init,
    .encrypt = icm_crypt,
    .decrypt = icm_crypt,
    .set_iv = icm_set_iv,
    .description = "AES-128 counter mode, OpenSSL",
    .test_data = &icm_test,
    .id = SRTP_AES_ICM_128,
};

/* RFC 2202 section 3, test case 1. */
static const uint8_t hmac_test_key[20] = {0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                                          0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
static const uint8_t hmac_test_tag[20] = {0xb6, 0x17, 0x31, 0x86, 0x55, 0x05, 0x72, 0x64, 0xe2, 0x8b,
                                          0xc0, 0xb6, 0xfb, 0x37, 0x8c, 0x8e, 0xf1, 0x46, 0xbe, 0x00};
static const srtp_auth_test_case_t hmac_test = {
    .key_length_octets = sizeof hmac_test_key,
    .key = hmac_test_key,
    .data_length_octets = 8,
    .data = (const uint8_t *) "Hi There",
    .tag_length_octets = sizeof hmac_test_tag,
    .tag = hmac_test_tag,
};

const srtp_auth_type_t cg_srtp_hmac_sha1 = {
    .alloc = hmac_alloc,
    .dealloc = hmac_dealloc,
    .init = hmac_init,
    .compute = hmac_compute,
    .update = hmac_update,
    .start = hmac_start,
    .description = "HMAC-SHA1, OpenSSL",
    .test_data = &hmac_test,
    .id = SRTP_HMAC_SHA1,
};

bool cg_srtp_primitives_install(void)
{
    return srtp_replace_cipher_type(&cg_srtp_aes_icm_128, SRTP_AES_ICM_128) == srtp_err_status_ok &&
           srtp_replace_auth_type(&cg_srtp_hmac_sha1, SRTP_HMAC_SHA1) == srtp_err_status_ok;
}
