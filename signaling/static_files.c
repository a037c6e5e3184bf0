/* The web root in memory. The one thing to know: files are looked up by their whole path in a table, so "..", "//" and
 * the like simply name no file. */
#include "signaling/static_files.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_DEPTH 8

struct cg_static_files {
    GHashTable *by_path; /* "/a/b.js" (owned) -> cg_static_file (owned) */
    size_t bytes;
};

/* .d.ts is for editors that follow a link to it; as video/mp2t it would only be downloaded. */
static const struct {
    const char *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".d.ts", "text/plain; charset=utf-8"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".webmanifest", "application/manifest+json"},
    {".wav", "audio/wav"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".woff2", "font/woff2"},
};

static const char *type_of(const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_has_suffix(path, types[i].suffix))
            return types[i].type;
    return "application/octet-stream";
}

static void static_file_free(void *data)
{
    cg_static_file *file = data;

    g_bytes_unref(file->body);
    g_free(file->etag);
    g_free(file);
}

static bool load_file(cg_static_files *files, const char *name, const char *path, char **ret_error)
{
    g_autoptr(GError) error = NULL;
    char *contents;
    gsize size;

    if (!g_file_get_contents(name, &contents, &size, &error)) {
        *ret_error = g_strdup(error->message);
        return false;
    }
    cg_static_file *file = g_new0(cg_static_file, 1);
    file->body = g_bytes_new_take(contents, size);
    file->type = type_of(path);
    g_autofree char *digest = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, file->body);
    file->etag = g_strdup_printf("\"%.32s\"", digest);
    g_hash_table_replace(files->by_path, g_strdup(path), file);
    files->bytes += size;
    if (files->bytes > CG_STATIC_MAX_BYTES || g_hash_table_size(files->by_path) > CG_STATIC_MAX_FILES) {
        *ret_error = g_strdup_printf("more than %d files or %zu bytes", CG_STATIC_MAX_FILES, CG_STATIC_MAX_BYTES);
        return false;
    }
    return true;
}

static bool load_directory(cg_static_files *files, const char *directory, const char *path, int depth,
                           char **ret_error);

static bool load_entry(cg_static_files *files, const char *directory, const char *path, const char *entry, int depth,
                       char **ret_error)
{
    g_autofree char *name = g_build_filename(directory, entry, NULL);
    g_autofree char *entry_path = g_strconcat(path, "/", entry, NULL);
    struct stat status;

    if (entry[0] == '.' || stat(name, &status) != 0)
        return true;
    if (S_ISDIR(status.st_mode))
        return depth >= MAX_DEPTH || load_directory(files, name, entry_path, depth + 1, ret_error);
    /* The size is asked before reading: a huge file must not be pulled into memory to find out. */
    if (!S_ISREG(status.st_mode))
        return true;
    if ((size_t) status.st_size > CG_STATIC_MAX_BYTES) {
        *ret_error = g_strdup_printf("%s is larger than %zu bytes", name, CG_STATIC_MAX_BYTES);
        return false;
    }
    return load_file(files, name, entry_path, ret_error);
}

static bool load_directory(cg_static_files *files, const char *directory, const char *path, int depth, char **ret_error)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) entries = g_dir_open(directory, 0, &error);
    const char *entry;

    if (!entries) {
        *ret_error = g_strdup(error->message);
        return false;
    }
    while ((entry = g_dir_read_name(entries)))
        if (!load_entry(files, directory, path, entry, depth, ret_error))
            return false;
    return true;
}

cg_static_files *cg_static_files_load(const char *root, char **ret_error)
{
    cg_static_files *files = g_new0(cg_static_files, 1);
    g_autofree char *why = NULL;

    files->by_path = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, static_file_free);
    if (!root || load_directory(files, root, "", 0, &why))
        return files;
    *ret_error = g_strdup_printf("web root %s: %s", root, why);
    cg_static_files_free(files);
    return NULL;
}

void cg_static_files_free(cg_static_files *files)
{
    if (!files)
        return;
    g_hash_table_unref(files->by_path);
    g_free(files);
}

const cg_static_file *cg_static_files_find(const cg_static_files *files, const char *path)
{
    if (!g_str_has_suffix(path, "/"))
        return g_hash_table_lookup(files->by_path, path);
    g_autofree char *index = g_strconcat(path, "index.html", NULL);
    return g_hash_table_lookup(files->by_path, index);
}
