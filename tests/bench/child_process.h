/* A program under test: started in a network namespace with files of its own, ended by its id. Whatever goes wrong with
 * it ends the benchmark and shows the end of its log. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct child_process child_process;

/* Not started yet: a directory, and where it will run. `netns` names one as ip-netns(8) does; NULL is this one. */
child_process *child_process_new(const char *name, const char *netns);
/* Ends it with SIGTERM; ends the benchmark if it exits with anything but 0. False if it had to be killed. Its directory
 * goes too. */
bool child_process_free(child_process *child);

const char *child_process_netns(const child_process *child);
const char *child_process_directory(const child_process *child);
/* Writes a file into its directory; returns the path, which stays the child's. */
const char *child_process_write(child_process *child, const char *name, const char *text);

/* argv[0] is the program. Its standard error goes to the log, its standard output to child_process_read_line if
 * `heard`, else to the log as well. */
void child_process_start(child_process *child, const char *const *argv, bool heard);
pid_t child_process_pid(const child_process *child);
/* The first line it says; what came instead if it ended. */
void child_process_read_line(child_process *child, char *ret_line, size_t size);

/* Waits until it ends by itself; ends the benchmark if it does not. */
void child_process_wait_end(child_process *child);
/* Waits until it takes connections there. */
void child_process_wait_listening(child_process *child, const struct sockaddr_in *server);

void child_process_fail(child_process *child, const char *what) __attribute__((noreturn));

/* A socket that is in another namespace (NULL: this one), whoever uses it. */
int netns_socket(const char *name, int type);
