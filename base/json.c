/* Documents and their values. The text is checked first (json_syntax.c), so jsmn, which accepts much that is not JSON,
 * only ever tokenizes good text. Its tokens become an array of values linked as a tree; strings are unescaped once,
 * into one buffer. Nothing recurses, and no input takes more than O(n log n). */
#define JSMN_STRICT
#define JSMN_PARENT_LINKS /* without them jsmn takes quadratic time on wide objects */
#define JSMN_STATIC
#include <jsmn.h>

#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_syntax.h"

struct cg_json_value {
    cg_json_type type;
    const char *raw; /* in the document's text */
    size_t raw_size;
    const char *name;     /* members only, unescaped */
    const char *string;   /* strings only, unescaped */
    size_t size;          /* members or elements */
    cg_json_value *first; /* of a container */
    cg_json_value *last;  /* of a container; while building */
    cg_json_value *next;  /* after this one in the same container */
};

struct cg_json {
    char *text;            /* the document and a newline behind it */
    char *strings;         /* all unescaped strings, each with its NUL */
    cg_json_value *values; /* in the order of the text; the first is the root */
    size_t value_count;
};

/* A document while it is built from its tokens. */
typedef struct {
    cg_json *json;
    jsmntok_t *tokens;
    size_t token_count;
    cg_json_value **by_token; /* the value of a token; NULL for names */
    size_t strings_used;
} builder;

static cg_json_type type_of_token(const jsmntok_t *token, char first)
{
    switch (token->type) {
    case JSMN_OBJECT:
        return CG_JSON_OBJECT;
    case JSMN_ARRAY:
        return CG_JSON_ARRAY;
    case JSMN_STRING:
        return CG_JSON_STRING;
    default:
        return first == 'n' ? CG_JSON_NULL : first == 't' || first == 'f' ? CG_JSON_BOOL : CG_JSON_NUMBER;
    }
}

static const char *unescape_token(builder *b, const jsmntok_t *token)
{
    char *string = b->json->strings + b->strings_used;
    size_t length = cg_json_unescape(b->json->text + token->start, (size_t) (token->end - token->start), string);
    b->strings_used += length + 1;
    return string;
}

static void append_child(cg_json_value *container, cg_json_value *child)
{
    if (container->last)
        container->last->next = child;
    else
        container->first = child;
    container->last = child;
    container->size++;
}

/* jsmn makes a member's name the parent of its value, and the object the parent of the name. */
static void link_to_parent(builder *b, const jsmntok_t *token, cg_json_value *value)
{
    if (token->parent < 0)
        return;
    const jsmntok_t *parent = &b->tokens[token->parent];
    if (parent->type == JSMN_STRING) {
        value->name = unescape_token(b, parent);
        append_child(b->by_token[parent->parent], value);
    } else {
        append_child(b->by_token[token->parent], value);
    }
}

static bool is_name(const builder *b, const jsmntok_t *token)
{
    return token->type == JSMN_STRING && token->parent >= 0 && b->tokens[token->parent].type == JSMN_OBJECT;
}

static void build_value(builder *b, size_t token_index)
{
    const jsmntok_t *token = &b->tokens[token_index];
    if (is_name(b, token))
        return;
    cg_json_value *value = &b->json->values[b->json->value_count++];
    size_t quote = token->type == JSMN_STRING ? 1 : 0; /* jsmn leaves the quotes out of the token */
    value->raw = b->json->text + token->start - quote;
    value->raw_size = (size_t) (token->end - token->start) + 2 * quote;
    value->type = type_of_token(token, value->raw[0]);
    if (value->type == CG_JSON_STRING)
        value->string = unescape_token(b, token);
    b->by_token[token_index] = value;
    link_to_parent(b, token, value);
}

static void build(cg_json *json, size_t size, const cg_json_counts *counts)
{
    builder b = {.json = json, .token_count = counts->values + counts->names};
    g_autofree jsmntok_t *tokens = g_new(jsmntok_t, b.token_count);
    g_autofree cg_json_value **by_token = g_new0(cg_json_value *, b.token_count);
    b.tokens = tokens;
    b.by_token = by_token;
    json->values = g_new0(cg_json_value, counts->values);
    /* Every string sheds two quotes and gets one NUL; a name or a string alone cannot be the whole text. */
    json->strings = g_malloc(size);

    jsmn_parser parser;
    jsmn_init(&parser);
    /* With the newline: a strict jsmn wants something behind a number that is the whole document. */
    int found = jsmn_parse(&parser, json->text, size + 1, tokens, (unsigned) b.token_count);
    g_assert(found >= 0 && (size_t) found == b.token_count);
    for (size_t i = 0; i < b.token_count; i++)
        build_value(&b, i);
    g_assert(json->value_count == counts->values && b.strings_used <= size);
}

static int compare_names(const void *a, const void *b)
{
    const cg_json_value *const *left = a, *const *right = b;
    return strcmp((*left)->name, (*right)->name);
}

/* A member of `object` whose name another one bears, or NULL. Sorts, since hashes could be made to collide. */
static const cg_json_value *find_duplicate(const cg_json_value *object, const cg_json_value **scratch)
{
    size_t count = 0;
    for (const cg_json_value *member = object->first; member; member = member->next)
        scratch[count++] = member;
    qsort(scratch, count, sizeof *scratch, compare_names);
    for (size_t i = 1; i < count; i++) {
        if (strcmp(scratch[i - 1]->name, scratch[i]->name) == 0)
            return MAX(scratch[i - 1], scratch[i]); /* the one that stands later */
    }
    return NULL;
}

static const cg_json_value *find_any_duplicate(const cg_json *json)
{
    g_autofree const cg_json_value **scratch = g_new(const cg_json_value *, json->value_count);
    const cg_json_value *duplicate = NULL;
    for (size_t i = 0; i < json->value_count && !duplicate; i++) {
        if (json->values[i].type == CG_JSON_OBJECT && json->values[i].size > 1)
            duplicate = find_duplicate(&json->values[i], scratch);
    }
    return duplicate;
}

/* NULL and `error` set on failure. */
static cg_json *parse(const char *text, size_t size, cg_json_error *error)
{
    if (size > CG_JSON_MAX_SIZE) {
        *error = (cg_json_error){.offset = CG_JSON_MAX_SIZE, .message = "too large"};
        return NULL;
    }
    cg_json_counts counts;
    if (!cg_json_check_syntax(text, size, &counts, error))
        return NULL;
    g_autoptr(cg_json) json = g_new0(cg_json, 1);
    json->text = g_malloc(size + 2);
    memcpy(json->text, text, size);
    memcpy(json->text + size, "\n", 2);
    build(json, size, &counts);
    const cg_json_value *duplicate = find_any_duplicate(json);
    if (duplicate) {
        *error = (cg_json_error){.offset = (size_t) (duplicate->raw - json->text), .message = "duplicate name"};
        return NULL;
    }
    return g_steal_pointer(&json);
}

cg_json *cg_json_parse(const char *text, size_t size, cg_json_error *ret_error)
{
    cg_json_error error = {0};
    cg_json *json = parse(text, size, &error);
    if (!json && ret_error)
        *ret_error = error;
    return json;
}

void cg_json_free(cg_json *json)
{
    if (!json)
        return;
    g_free(json->values);
    g_free(json->strings);
    g_free(json->text);
    g_free(json);
}

const cg_json_value *cg_json_root(const cg_json *json)
{
    return json ? json->values : NULL;
}

cg_json_type cg_json_type_of(const cg_json_value *value)
{
    return value ? value->type : CG_JSON_NULL;
}

const cg_json_value *cg_json_get(const cg_json_value *object, const char *name)
{
    if (cg_json_type_of(object) != CG_JSON_OBJECT)
        return NULL;
    const cg_json_value *member = object->first;
    while (member && strcmp(member->name, name) != 0)
        member = member->next;
    return member;
}

size_t cg_json_size(const cg_json_value *container)
{
    return container ? container->size : 0;
}

const cg_json_value *cg_json_first(const cg_json_value *container)
{
    return container ? container->first : NULL;
}

const cg_json_value *cg_json_next(const cg_json_value *value)
{
    return value ? value->next : NULL;
}

const char *cg_json_name(const cg_json_value *member)
{
    return member ? member->name : NULL;
}

const char *cg_json_string(const cg_json_value *value)
{
    return value ? value->string : NULL;
}

/* A whole number that is written with a fraction or an exponent: "1e3", "2.0". Exact up to 2^53. */
static bool integer_from_double(const cg_json_value *value, int64_t *ret)
{
    double number;
    if (!cg_json_number(value, &number) || fabs(number) > 0x1p53 || number != trunc(number))
        return false;
    *ret = (int64_t) number;
    return true;
}

bool cg_json_integer(const cg_json_value *value, int64_t *ret)
{
    if (cg_json_type_of(value) != CG_JSON_NUMBER)
        return false;
    char *end;
    errno = 0;
    int64_t number = g_ascii_strtoll(value->raw, &end, 10);
    if (end != value->raw + value->raw_size)
        return integer_from_double(value, ret);
    if (errno != 0)
        return false;
    *ret = number;
    return true;
}

bool cg_json_number(const cg_json_value *value, double *ret)
{
    if (cg_json_type_of(value) != CG_JSON_NUMBER)
        return false;
    double number = g_ascii_strtod(value->raw, NULL);
    if (!isfinite(number)) /* "1e999" is JSON, but no number we could work with */
        return false;
    *ret = number;
    return true;
}

bool cg_json_bool(const cg_json_value *value, bool *ret)
{
    if (cg_json_type_of(value) != CG_JSON_BOOL)
        return false;
    *ret = value->raw[0] == 't';
    return true;
}

const char *cg_json_raw(const cg_json_value *value, size_t *ret_size)
{
    if (ret_size)
        *ret_size = value ? value->raw_size : 0;
    return value ? value->raw : NULL;
}
