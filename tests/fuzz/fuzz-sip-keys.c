/* Bodies of INFO requests: the first octet chooses the kind, the rest is the body. */
#include "signaling/sip/sip_keys.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/dtmf-relay", "application/dtmf", "text/plain", NULL};
    char key = '\0';
    if (size == 0)
        return 0;
    cg_sip_keys_result result = cg_sip_keys_read(types[data[0] % 4], (const char *) data + 1, size - 1, &key);
    if ((result == CG_SIP_KEYS_OK) != (key != '\0') || (key != '\0' && strchr("0123456789*#ABCD", key) == NULL))
        abort();
    return 0;
}
