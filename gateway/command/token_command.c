/* `callgate token`: which of its commands. */
#include "gateway/command/token_command.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: callgate token COMMAND [OPTION...]\n"
    "\n"
    "  mint      make an access token\n"
    "  inspect   show what a token says, and verify it\n"
    "\n"
    "callgate token COMMAND --help says what a command takes. Secrets are read from files or the\n"
    "environment, never from the command line, where other users of the machine could see them.\n";

int cg_token_command(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "mint") == 0)
        return cg_token_mint_command(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "inspect") == 0)
        return cg_token_inspect_command(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return 0;
    }
    fputs(help, stderr);
    return 2;
}
