/* Text that must not outlive its use: passwords, and descriptions with keys in them. */
#pragma once

#include <glib.h>
#include <string.h>

typedef char cg_secret; /* so that a local variable can say how it is freed */

/* g_free, with the text overwritten before; NULL is nothing. */
static inline void cg_secret_free(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cg_secret, cg_secret_free)
