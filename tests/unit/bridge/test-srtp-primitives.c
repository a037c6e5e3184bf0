/* AES counter mode against OpenSSL's own, whole and in pieces; the tags of interleaved keys. */
#include "bridge/srtp/srtp_primitives.h"

#include <glib.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_SIZE = 16, SALT_SIZE = 14, LONGEST = 1500 };

static const uint8_t key[KEY_SIZE + SALT_SIZE] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, [KEY_SIZE] = 0xa5, 0x5a, 0xff};
static const uint8_t iv[16] = {0, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0, 7, 0x12, 0x34, 0, 0};

static void fill(uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t) (i * 7 + 3);
}

static void encrypt_with_openssl(uint8_t *data, int size)
{
    uint8_t counter[16];
    int written;
    memcpy(counter, iv, sizeof counter);
    for (size_t i = 0; i < SALT_SIZE; i++)
        counter[i] ^= key[KEY_SIZE + i];
    EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
    g_assert_cmpint(EVP_EncryptInit_ex(evp, EVP_aes_128_ctr(), NULL, key, counter), ==, 1);
    g_assert_cmpint(EVP_EncryptUpdate(evp, data, &written, data, size), ==, 1);
    EVP_CIPHER_CTX_free(evp);
}

static void encrypt_in_pieces(srtp_cipher_pointer_t cipher, uint8_t *data, unsigned size, unsigned piece)
{
    uint8_t own_iv[sizeof iv];
    memcpy(own_iv, iv, sizeof iv);
    g_assert_cmpint(cipher->type->set_iv(cipher->state, own_iv, srtp_direction_encrypt), ==, srtp_err_status_ok);
    for (unsigned done = 0; done < size; done += piece) {
        unsigned count = MIN(piece, size - done);
        g_assert_cmpint(cipher->type->encrypt(cipher->state, data + done, &count), ==, srtp_err_status_ok);
    }
}

static void test_counter_mode(void)
{
    static const unsigned sizes[] = {0, 1, 15, 16, 17, 80, 255, 256, 257, 511, LONGEST},
                          pieces[] = {1, 7, 16, 100, LONGEST};
    srtp_cipher_pointer_t cipher;
    g_assert_cmpint(cg_srtp_aes_icm_128.alloc(&cipher, KEY_SIZE + SALT_SIZE, 0), ==, srtp_err_status_ok);
    g_assert_cmpint(cipher->type->init(cipher->state, key), ==, srtp_err_status_ok);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (size_t j = 0; j < G_N_ELEMENTS(pieces); j++) {
            uint8_t ours[LONGEST], theirs[LONGEST];
            fill(ours, sizeof ours);
            fill(theirs, sizeof theirs);
            encrypt_in_pieces(cipher, ours, sizes[i], pieces[j]);
            encrypt_with_openssl(theirs, (int) sizes[i]);
            g_assert_cmpmem(ours, sizeof ours, theirs, sizeof theirs);
        }
    cipher->type->dealloc(cipher);
}

static void compute_tag(srtp_auth_pointer_t auth, uint8_t ret_tag[static 20])
{
    g_assert_cmpint(auth->type->start(auth->state), ==, srtp_err_status_ok);
    g_assert_cmpint(auth->type->update(auth->state, (const uint8_t *) "Hi ", 3), ==, srtp_err_status_ok);
    g_assert_cmpint(auth->type->compute(auth->state, (const uint8_t *) "There", 5, 20, ret_tag), ==,
                    srtp_err_status_ok);
}

/* Each key has its tag, whichever was used before. */
static void test_tags_of_two_keys(void)
{
    srtp_auth_pointer_t auths[2];
    uint8_t first[20], again[20], other[20];
    for (unsigned i = 0; i < 2; i++) {
        uint8_t secret[20];
        memset(secret, 0x0b + (int) i, sizeof secret);
        g_assert_cmpint(cg_srtp_hmac_sha1.alloc(&auths[i], sizeof secret, 20), ==, srtp_err_status_ok);
        g_assert_cmpint(auths[i]->type->init(auths[i]->state, secret, sizeof secret), ==, srtp_err_status_ok);
    }
    compute_tag(auths[0], first);
    compute_tag(auths[1], other);
    compute_tag(auths[0], again);
    g_assert_cmpmem(first, sizeof first, cg_srtp_hmac_sha1.test_data->tag, 20);
    g_assert_cmpmem(first, sizeof first, again, sizeof again);
    g_assert_cmpint(memcmp(first, other, sizeof first), !=, 0);
    for (unsigned i = 0; i < 2; i++)
        auths[i]->type->dealloc(auths[i]);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/srtp-primitives/counter-mode", test_counter_mode);
    g_test_add_func("/srtp-primitives/tags-of-two-keys", test_tags_of_two_keys);
    return g_test_run();
}
