/* What a log line looks like, and that no value can make it look like another one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "base/json.h"
#include "base/log.h"

static void collect(const char *line, void *user)
{
    g_ptr_array_add(user, g_strdup(line));
}

/* What was logged while `act` ran. */
static GPtrArray *capture(cg_log_format format, void (*act)(const void *data), const void *data)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    cg_log_set_format(format);
    cg_log_set_sink(collect, lines);
    act(data);
    cg_log_set_sink(NULL, NULL);
    return lines;
}

/* The only line, without its time, which is checked and dropped. */
static const char *only_line(const GPtrArray *lines)
{
    g_assert_cmpuint(lines->len, ==, 1);
    const char *line = lines->pdata[0];
    g_assert_true(g_regex_match_simple("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ", line, 0, 0));
    return line + 25;
}

static void log_fields(const void *data)
{
    cg_log(CG_LOG_INFO, "call.ended", CG_LOG_TEXT("call", "CA12"), CG_LOG_NUMBER("duration_ms", 1200),
           CG_LOG_NUMBER("least", INT64_MIN), CG_LOG_TEXT("reason", NULL));
}

static void test_text(void)
{
    g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_fields, NULL);
    g_assert_cmpstr(only_line(lines), ==,
                    "info call.ended call=CA12 duration_ms=1200 least=-9223372036854775808 reason=\"\"");
}

static void test_json(void)
{
    g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_JSON, log_fields, NULL);
    g_assert_cmpuint(lines->len, ==, 1);
    const char *line = lines->pdata[0];
    g_autoptr(cg_json) json = cg_json_parse(line, strlen(line), NULL);
    const cg_json_value *root = cg_json_root(json);
    int64_t duration = 0;
    g_assert_cmpuint(strlen(cg_json_string(cg_json_get(root, "time"))), ==, 24);
    g_assert_cmpstr(cg_json_string(cg_json_get(root, "level")), ==, "info");
    g_assert_cmpstr(cg_json_string(cg_json_get(root, "event")), ==, "call.ended");
    g_assert_cmpstr(cg_json_string(cg_json_get(root, "call")), ==, "CA12");
    g_assert_true(cg_json_integer(cg_json_get(root, "duration_ms"), &duration));
    g_assert_cmpint(duration, ==, 1200);
}

static void log_without_fields(const void *data)
{
    cg_log(CG_LOG_ERROR, "gateway.stopped");
}

static void test_without_fields(void)
{
    g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_without_fields, NULL);
    g_assert_cmpstr(only_line(lines), ==, "error gateway.stopped");
}

static const struct {
    const char *value, *expected; /* behind "v=" */
} escapes[] = {
    {"plain-Value_1.2:3/4,5@6+7", "plain-Value_1.2:3/4,5@6+7"},
    {"", "\"\""},
    {"two words", "\"two words\""},
    {"a=b", "\"a=b\""},
    {"say \"hi\"", "\"say \\\"hi\\\"\""},
    {"back\\slash", "\"back\\\\slash\""},
    /* Forged lines. */
    {"x\n2026-01-01T00:00:00.000Z info call.ended", "\"x\\n2026-01-01T00:00:00.000Z info call.ended\""},
    {"x\r\ny", "\"x\\r\\ny\""},
    {"x y=1 \"", "\"x y=1 \\\"\""},
    {"\xE2\x80\xA8line", "\"\\u2028line\""},
    {"\xC2\x85next", "\"\\u0085next\""},
    /* What a terminal would obey. */
    {"\x1B[2J", "\"\\u001b[2J\""},
    {"\t\b\x7F", "\"\\t\\u0008\\u007f\""},
    {"\xC2\x9B[2J", "\"\\u009b[2J\""},
    {"\xE2\x80\xAEgnp.exe", "\"\\u202egnp.exe\""},
    {"\xE2\x81\xA6x", "\"\\u2066x\""},
    /* What is not UTF-8, and what is. */
    {"a\xFFz", "\"a\\xffz\""},
    {"\xC3", "\"\\xc3\""},
    {"\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"},
    {"\xC3\xA9 \xF0\x9D\x84\x9E", "\"\xC3\xA9 \xF0\x9D\x84\x9E\""},
};

static void log_value(const void *value)
{
    cg_log(CG_LOG_WARNING, "test", CG_LOG_TEXT("v", (const char *) value));
}

static void test_escapes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
        g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_value, escapes[i].value);
        g_autofree char *expected = g_strconcat("warning test v=", escapes[i].expected, NULL);
        g_assert_cmpstr(only_line(lines), ==, expected);
    }
}

static void test_json_escapes(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(escapes); i++) {
        g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_JSON, log_value, escapes[i].value);
        const char *line = lines->pdata[0];
        g_assert_null(strpbrk(line, "\r\n\x1B"));
        g_autoptr(cg_json) json = cg_json_parse(line, strlen(line), NULL);
        const char *value = cg_json_string(cg_json_get(cg_json_root(json), "v"));
        g_assert_nonnull(value);
        if (g_utf8_validate(escapes[i].value, -1, NULL))
            g_assert_cmpstr(value, ==, escapes[i].value);
    }
}

static void test_long_values_are_cut(void)
{
    for (size_t extra = 0; extra <= 4; extra++) {
        /* A character of four bytes across the limit: never cut in two. */
        g_autofree char *filler = g_strnfill(CG_LOG_MAX_VALUE - extra, 'a');
        g_autofree char *value = g_strconcat(filler, "\xF0\x9D\x84\x9E", "tail", NULL);
        g_autofree char *expected =
            g_strconcat("warning test v=", filler, extra == 4 ? "\xF0\x9D\x84\x9E" : "", "...", NULL);
        g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_value, value);
        g_assert_cmpstr(only_line(lines), ==, expected);
        g_autoptr(GPtrArray) json_lines = capture(CG_LOG_FORMAT_JSON, log_value, value);
        g_assert_true(g_str_has_suffix(json_lines->pdata[0], "...\"}"));
        g_assert_null(strstr(json_lines->pdata[0], "\xEF\xBF\xBD"));
    }
    g_autofree char *fits = g_strnfill(CG_LOG_MAX_VALUE, 'a');
    g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_value, fits);
    g_assert_true(g_str_has_suffix(lines->pdata[0], fits));
    g_autofree char *continuations = g_strnfill(CG_LOG_MAX_VALUE * 2, (char) 0x80);
    g_autoptr(GPtrArray) bad_lines = capture(CG_LOG_FORMAT_TEXT, log_value, continuations);
    g_assert_true(g_str_has_suffix(bad_lines->pdata[0], "\\x80\"..."));
}

static void log_each_level(const void *data)
{
    cg_log(CG_LOG_DEBUG, "d");
    cg_log(CG_LOG_INFO, "i");
    cg_log(CG_LOG_WARNING, "w");
    cg_log(CG_LOG_ERROR, "e");
}

static void test_levels(void)
{
    static const char *const words[] = {"debug", "info", "warning", "error"};
    for (cg_log_level level = CG_LOG_DEBUG; level <= CG_LOG_ERROR; level++) {
        cg_log_level parsed = CG_LOG_DEBUG;
        g_assert_cmpstr(cg_log_level_word(level), ==, words[level]);
        g_assert_true(cg_log_level_parse(words[level], &parsed));
        g_assert_cmpint(parsed, ==, level);
        cg_log_set_level(level);
        g_assert_cmpint(cg_log_get_level(), ==, level);
        g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_each_level, NULL);
        g_assert_cmpuint(lines->len, ==, (guint) (4 - level));
    }
    cg_log_set_level(CG_LOG_INFO);
    cg_log_level untouched = CG_LOG_ERROR;
    g_assert_false(cg_log_level_parse("Info", &untouched));
    g_assert_false(cg_log_level_parse("", &untouched));
    g_assert_cmpint(untouched, ==, CG_LOG_ERROR);
}

#define THREADS 4
#define LINES_PER_THREAD 500

static gpointer log_many(gpointer data)
{
    for (int i = 0; i < LINES_PER_THREAD; i++)
        cg_log(CG_LOG_INFO, "thread", CG_LOG_NUMBER("thread", GPOINTER_TO_INT(data)), CG_LOG_NUMBER("line", i));
    return NULL;
}

static void log_from_threads(const void *data)
{
    GThread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("log", log_many, GINT_TO_POINTER(i));
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
}

static void test_threads_to_sink(void)
{
    g_autoptr(GPtrArray) lines = capture(CG_LOG_FORMAT_TEXT, log_from_threads, NULL);
    g_assert_cmpuint(lines->len, ==, THREADS * LINES_PER_THREAD);
}

/* Reads a pipe to its end, so that those who write to it never wait for long. */
static gpointer read_all(gpointer data)
{
    GString *text = g_string_new(NULL);
    char piece[4096];
    ssize_t got;
    while ((got = read(GPOINTER_TO_INT(data), piece, sizeof piece)) > 0)
        g_string_append_len(text, piece, got);
    return g_string_free(text, FALSE);
}

/* What standard error, a pipe as under a service manager, got while `act` ran. */
static char *capture_standard_error(void (*act)(const void *data))
{
    int ends[2], saved = dup(STDERR_FILENO);
    g_assert_cmpint(pipe(ends), ==, 0);
    GThread *reader = g_thread_new("reader", read_all, GINT_TO_POINTER(ends[0]));
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    act(NULL);
    dup2(saved, STDERR_FILENO); /* closes the last writing end: the reader comes to its end */
    close(saved);
    char *text = g_thread_join(reader);
    close(ends[0]);
    return text;
}

/* Whole lines only, however the threads interleave, and every one of them. */
static void test_threads_to_standard_error(void)
{
    cg_log_set_format(CG_LOG_FORMAT_TEXT);
    g_autofree char *text = capture_standard_error(log_from_threads);
    g_autoptr(GRegex) regex = g_regex_new("^\\S{24} info thread thread=(\\d) line=(\\d+)$", 0, 0, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    int next[THREADS] = {0};
    for (char **line = lines; **line; line++) {
        g_autoptr(GMatchInfo) match = NULL;
        if (!g_regex_match(regex, *line, 0, &match))
            g_error("not a whole line: \"%s\"", *line);
        g_autofree char *thread = g_match_info_fetch(match, 1);
        g_autofree char *number = g_match_info_fetch(match, 2);
        g_assert_cmpint(atoi(number), ==, next[atoi(thread)]++);
    }
    g_assert_cmpuint(g_strv_length(lines), ==, THREADS * LINES_PER_THREAD + 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/text", test_text);
    g_test_add_func("/log/json", test_json);
    g_test_add_func("/log/without-fields", test_without_fields);
    g_test_add_func("/log/escapes", test_escapes);
    g_test_add_func("/log/json-escapes", test_json_escapes);
    g_test_add_func("/log/long-values-are-cut", test_long_values_are_cut);
    g_test_add_func("/log/levels", test_levels);
    g_test_add_func("/log/threads-to-sink", test_threads_to_sink);
    g_test_add_func("/log/threads-to-standard-error", test_threads_to_standard_error);
    return g_test_run();
}
