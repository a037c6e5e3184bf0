/* The files of the web root, all in memory: read at start and at reload, so that a request never waits for a disk and
 * no path of a request ever reaches the file system. */
#pragma once

#include <glib.h>

#define CG_STATIC_MAX_FILES 1024
#define CG_STATIC_MAX_BYTES ((size_t) 32 * 1024 * 1024) /* of all files together */

typedef struct {
    GBytes *body;
    const char *type; /* of Content-Type */
    char *etag;       /* strong, quoted */
} cg_static_file;

typedef struct cg_static_files cg_static_files;

/* Reads every file below `root` but those whose name begins with a dot. NULL and a message (free with g_free) if the
 * directory cannot be read or holds too much. `root` NULL: no files. */
cg_static_files *cg_static_files_load(const char *root, char **ret_error);
void cg_static_files_free(cg_static_files *files);

/* The file of a request path ("/", "/callgate.js"); a path that ends in a slash means its index.html. NULL if there is
 * none. Valid as long as `files`; take a reference on `body` to keep it longer. */
const cg_static_file *cg_static_files_find(const cg_static_files *files, const char *path);
