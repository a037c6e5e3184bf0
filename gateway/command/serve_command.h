/* `callgate serve`: options, configuration, loop. */
#pragma once

/* argv[0] is "serve". Returns the process's exit status. */
int cg_serve_command(int argc, char **argv);
