/* The files, by path. */
#include "gateway/call/hold_music.h"

static bool read_file(cg_hold_music *music, const char *path, char **ret_error)
{
    if (path == NULL || g_hash_table_contains(music->files, path))
        return true;
    cg_music *file = cg_music_load(path, ret_error);
    if (file != NULL)
        g_hash_table_insert(music->files, g_strdup(path), file);
    return file != NULL;
}

cg_hold_music *cg_hold_music_new(const char *default_path, const GPtrArray *paths, char **ret_error)
{
    cg_hold_music *music = g_new0(cg_hold_music, 1);
    music->default_path = g_strdup(default_path);
    music->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) cg_music_unref);
    bool read = read_file(music, default_path, ret_error);
    for (guint i = 0; i < paths->len && read; i++)
        read = read_file(music, paths->pdata[i], ret_error);
    if (read)
        return music;
    cg_hold_music_free(music);
    return NULL;
}

void cg_hold_music_free(cg_hold_music *music)
{
    if (music == NULL)
        return;
    g_hash_table_unref(music->files);
    cg_directory_unref(music->directory);
    g_free(music->default_path);
    g_free(music);
}

bool cg_hold_music_check(const char *default_path, const GPtrArray *paths, char **ret_error)
{
    bool works = default_path == NULL || cg_music_check(default_path, ret_error);
    for (guint i = 0; i < paths->len && works; i++)
        works = cg_music_check(paths->pdata[i], ret_error);
    return works;
}

bool cg_hold_music_set_accounts(cg_hold_music *music, cg_directory *directory, const GPtrArray *paths)
{
    bool all = true;
    cg_directory *old = music->directory;
    music->directory = cg_directory_ref(directory);
    cg_directory_unref(old);
    for (guint i = 0; i < paths->len; i++)
        all = all && g_hash_table_contains(music->files, paths->pdata[i]);
    return all;
}
