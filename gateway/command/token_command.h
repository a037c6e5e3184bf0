/* `callgate token mint` and `callgate token inspect`. Exit status: 0 done (inspect: and the token is valid, if it was
 * asked to verify), 1 the token is refused or cannot be made, 2 the command line is wrong. */
#pragma once

/* argv[0] is "token". */
int cg_token_command(int argc, char **argv);

/* argv[0] is "mint" and "inspect". */
int cg_token_mint_command(int argc, char **argv);
int cg_token_inspect_command(int argc, char **argv);
