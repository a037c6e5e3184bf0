/* Tokens from strangers. An input is a token as it comes, or, so that the fuzzer gets past signatures, the part behind
 * one: "A" and the claims of an access token, "C" and those of a capability token, "H" and a header, a line break and
 * claims; these are signed here. Times stand still, so the seeds never expire. */
#include "auth/token.h"

#include "auth/identity.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1700000000
#define SECRET "fuzzing secret of the token target"
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static const char ec_public[] = "-----BEGIN PUBLIC KEY-----\n"
                                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXoJs08k1tdadCiDaNX9lJIdNsKQ4\n"
                                "qIP7lZBtSq3BByijAKDicYdIQVuhQ1EgoemLzsTaSX5R+rNTBvVnYg8zlw==\n"
                                "-----END PUBLIC KEY-----\n";
static const char rsa_public[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAt/B9zESEn96KE+5gAf6w\n"
                                 "D/iUeH6/bHusKfq4cI+7jsqSUn06n2urBlK1/ddulBoDlLjDC+r9Zt10fslE3iLY\n"
                                 "OLh5wVw6PCk6NXUXigXDGFiAKZtpc7kN/MoDzAAbntgFHZsvLi/ovviGwx/Eo7JL\n"
                                 "d+K7HYbcIZuETojo3xUbFvkDcWA5fWMxToMzTQl4Pv35tgCBOLF7eXGPrNQ4tCTt\n"
                                 "6ZYw73zBFV6jnMgpu7acRQYx24s38us+Jl0zVL/d2PyC2GK0AJkos9pcoWum++cm\n"
                                 "hM4xjwfrLolS3vx88yomMn7Iekr8MYJIRoK5GmAzkE0jU9GiOWhLOiz9k79XrBwH\n"
                                 "8QIDAQAB\n"
                                 "-----END PUBLIC KEY-----\n";

static cg_directory *directory;

static cg_sid sid_of(const char kind[static 2], char digit)
{
    cg_sid sid = {0};
    memset(sid.text, digit, CG_SID_LENGTH);
    memcpy(sid.text, kind, 2);
    return sid;
}

static void add_key(char digit, cg_algorithm algorithm, const char *public_key)
{
    char *error = NULL;
    cg_key key = {.sid = sid_of("SK", digit),
                  .account = sid_of("AC", '0'),
                  .algorithm = algorithm,
                  .secret = public_key ? NULL : (char *) SECRET,
                  .public_key = (char *) public_key};
    g_assert_true(cg_directory_add_key(directory, &key, &error));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    char *error = NULL;
    cg_account account = {.sid = sid_of("AC", '0'), .auth_token = (char *) SECRET};
    cg_application application = {.sid = sid_of("AP", '2'), .account = account.sid};
    directory = cg_directory_new();
    g_assert_true(cg_directory_add_account(directory, &account, &error));
    g_assert_true(cg_directory_add_application(directory, &application, &error));
    add_key('1', CG_ALGORITHM_HS256, NULL);
    add_key('2', CG_ALGORITHM_HS384, NULL);
    add_key('3', CG_ALGORITHM_HS512, NULL);
    add_key('4', CG_ALGORITHM_ES256, ec_public);
    add_key('5', CG_ALGORITHM_RS256, rsa_public);
    return 0;
}

static char *base64url(const void *bytes, size_t size)
{
    char *text = g_base64_encode(bytes, size);
    g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

static char *sign(const void *header, size_t header_size, const void *claims, size_t claims_size)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_size = 0;
    g_autofree char *head = base64url(header, header_size);
    g_autofree char *body = base64url(claims, claims_size);
    g_autofree char *input = g_strconcat(head, ".", body, NULL);
    HMAC(EVP_sha256(), SECRET, sizeof SECRET - 1, (unsigned char *) input, strlen(input), mac, &mac_size);
    g_autofree char *tail = base64url(mac, mac_size);
    return g_strconcat(input, ".", tail, NULL);
}

/* What everybody who is handed grants relies on. */
static void check(const cg_grants *grants)
{
    g_assert_true(cg_sid_is_set(&grants->account));
    g_assert_nonnull(grants->parameters);
    g_assert_true(cg_form_size(grants->parameters) <= CG_FORM_MAX_FIELDS);
    g_assert_true(grants->outgoing == cg_sid_is_set(&grants->application));
    g_assert_true(grants->identity || !grants->incoming);
    g_assert_true(!grants->identity || cg_identity_valid(grants->identity));
    g_assert_true(grants->expires_at > NOW && grants->expires_at <= NOW + 86400 + 5);
}

static void verify(const char *token, size_t size)
{
    const cg_token_policy policy = {.leeway_s = 5, .max_ttl_s = 86400};
    g_autoptr(cg_grants) grants = NULL;
    cg_token_status status = cg_token_verify(directory, &policy, token, size, NOW, &grants);
    g_assert_true((status == CG_TOKEN_OK) == (grants != NULL));
    if (grants)
        check(grants);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *token = NULL;
    const uint8_t *line_break = size > 0 ? memchr(data, '\n', size) : NULL;
    if (size > 0 && (data[0] == 'A' || data[0] == 'C'))
        token = sign(HEADER, sizeof HEADER - 1, data + 1, size - 1);
    else if (line_break && data[0] == 'H')
        token =
            sign(data + 1, (size_t) (line_break - data - 1), line_break + 1, (size_t) (data + size - line_break - 1));
    verify(token ? token : (const char *) data, token ? strlen(token) : size);
    return 0;
}
