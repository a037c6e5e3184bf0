/* The command line: which command, and nothing else. */
#include "gateway/command/serve_command.h"
#include "gateway/command/token_command.h"
#include "gateway/config/config.h"

#include <stdio.h>
#include <string.h>

static int check_config(int argc, char **argv)
{
    g_autofree char *error = NULL;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        cg_config_print_options();
        return 0;
    }
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    if (argc != 2 || argv[1][0] == '-') {
        fprintf(help ? stdout : stderr, "usage: callgate check-config FILE | --list\n");
        return help ? 0 : 2;
    }
    g_autoptr(cg_config) config = cg_config_load(argv[1], &error);
    if (config == NULL) {
        fprintf(stderr, "callgate: %s\n", error);
        return 1;
    }
    if (!cg_config_check(config, &error)) {
        fprintf(stderr, "callgate: %s: %s\n", argv[1], error);
        return 1;
    }
    printf("%s: ok\n", argv[1]);
    return 0;
}

static int print_version(int argc, char **argv)
{
    printf("callgate %s\n", CALLGATE_VERSION);
    return 0;
}

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"serve", cg_serve_command, "run the gateway"},
    {"token", cg_token_command, "mint and inspect access tokens"},
    {"check-config", check_config, "check a configuration file, or --list every option"},
    {"--version", print_version, "print the version"},
};

static void print_help(FILE *stream)
{
    fprintf(stream, "usage: callgate COMMAND [OPTION...]\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(stream, "  %-14s %s\n", commands[i].name, commands[i].help);
    fprintf(stream, "\ncallgate COMMAND --help says what a command takes.\n");
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    print_help(stderr);
    return 2;
}
