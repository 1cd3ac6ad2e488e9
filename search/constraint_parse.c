/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constraint_node.h"
#include "mem.h"
#include "str.h"

enum {
    TEXT_MAX = 4096, /* characters of a constraint: bounds the tree */
    DEPTH_MAX = 100, /* parentheses and prefix operators within each other */
};

enum kind { TOKEN_END, TOKEN_NUMBER, TOKEN_TEXT, TOKEN_WORD, TOKEN_SYMBOL };

struct token {
    enum kind kind;
    size_t at, len; /* in the text; with its quotes for TOKEN_TEXT */
    double number;
};

struct parser {
    struct constraint *constraint;
    const char *const *names;
    size_t n_names;
    struct token token; /* the one to be looked at next */
    size_t next;        /* where the text goes on behind it */
    int depth;
    struct err *err;
};

/* What binds two operands; a higher level binds tighter. */
enum level { LEVEL_OR, LEVEL_AND, LEVEL_COMPARE, LEVEL_ADD, LEVEL_MULTIPLY, LEVEL_UNARY };

static const struct operator
{
    const char *text;
    enum level level;
    enum op op;
}
operators[] = {
    {"or", LEVEL_OR, OP_OR},
    {"and", LEVEL_AND, OP_AND},
    {"==", LEVEL_COMPARE, OP_EQUAL},
    {"!=", LEVEL_COMPARE, OP_DIFFERENT},
    {"<=", LEVEL_COMPARE, OP_LESS_EQUAL},
    {">=", LEVEL_COMPARE, OP_GREATER_EQUAL},
    {"<", LEVEL_COMPARE, OP_LESS},
    {">", LEVEL_COMPARE, OP_GREATER},
    {"+", LEVEL_ADD, OP_ADD},
    {"-", LEVEL_ADD, OP_SUBTRACT},
    {"*", LEVEL_MULTIPLY, OP_MULTIPLY},
    {"/", LEVEL_MULTIPLY, OP_DIVIDE},
    {"%", LEVEL_MULTIPLY, OP_REMAINDER},
};

static const struct function {
    const char *name;
    enum op op;
    bool folds; /* takes two arguments or more */
} functions[] = {
    {"min", OP_MIN, true},
    {"max", OP_MAX, true},
    {"abs", OP_ABS, false},
    {"log2", OP_LOG2, false},
};

/* What people write by habit, and what it is called here. */
static const char *const habits[][2] = {
    {"&&", "and"}, {"||", "or"}, {"&", "and"}, {"|", "or"}, {"!", "not"}, {"=", "=="},
};

/* --- errors ----------------------------------------------------------------------------------- */

/* Characters, not bytes: UTF-8's following bytes do not count. */
static int column(const struct parser *p, size_t at)
{
    int n = 1;

    for (size_t i = 0; i < at; i++)
        n += ((unsigned char)p->constraint->text[i] & 0xc0) != 0x80;
    return n;
}

static int refuse(const struct parser *p, size_t at, const char *problem)
{
    return err_usage(p->err, "column %d: %s", column(p, at), problem);
}

static int refuse_token(const struct parser *p, const char *expected)
{
    struct str found = {NULL, 0};

    if (p->token.kind == TOKEN_END)
        return err_usage(p->err, "column %d: %s expected at the end", column(p, p->token.at),
                         expected);
    str_add_printable(&found, p->constraint->text + p->token.at, p->token.len, 40);
    err_usage(p->err, "column %d: %s expected, not '%s'", column(p, p->token.at), expected,
              str_text(&found));
    str_clear(&found);
    return -1;
}

/* --- tokens ----------------------------------------------------------------------------------- */

#define DIGIT  "0123456789"
#define LETTER "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"

static int read_number(struct parser *p, const char *from)
{
    size_t len = strspn(from, DIGIT ".");

    if (from[len] == 'e' || from[len] == 'E') {
        size_t sign = from[len + 1] == '-' || from[len + 1] == '+';
        len += 1 + sign + strspn(from + len + 1 + sign, DIGIT);
    }
    char *text = mem_strndup(from, len);
    bool good = number_read(&p->token.number, text) && p->token.number < 1e300;
    free(text);
    p->token.kind = TOKEN_NUMBER;
    p->token.len = len;
    p->next += len;
    return good ? 0 : refuse(p, p->token.at, "this is not a number");
}

static int read_text(struct parser *p, const char *from)
{
    const char *end = strchr(from + 1, *from);

    if (end == NULL)
        return refuse(p, p->token.at, "the quote is not closed");
    p->token.kind = TOKEN_TEXT;
    p->token.len = (size_t)(end - from) + 1;
    p->next += p->token.len;
    return 0;
}

static int read_symbol(struct parser *p, const char *from)
{
    static const char *const symbols[] = {"==", "!=", "<=", ">=", "<", ">", "+",
                                          "-",  "*",  "/",  "%",  "(", ")", ","};
    char problem[64];

    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        size_t len = strlen(symbols[i]);
        if (strncmp(from, symbols[i], len) != 0)
            continue;
        p->token.kind = TOKEN_SYMBOL;
        p->token.len = len;
        p->next += len;
        return 0;
    }
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (strncmp(from, habits[i][0], strlen(habits[i][0])) == 0) {
            snprintf(problem, sizeof problem, "'%s' is written '%s' here", habits[i][0],
                     habits[i][1]);
            return refuse(p, p->token.at, problem);
        }
    return refuse(p, p->token.at, "this character has no meaning here");
}

static int advance(struct parser *p)
{
    p->next += strspn(p->constraint->text + p->next, " \t\n");
    const char *from = p->constraint->text + p->next;

    p->token = (struct token){.kind = TOKEN_END, .at = p->next};
    if (*from == '\0')
        return 0;
    if (strchr(DIGIT ".", *from) != NULL)
        return read_number(p, from);
    if (*from == '\'' || *from == '"')
        return read_text(p, from);
    if (strchr(LETTER, *from) == NULL)
        return read_symbol(p, from);
    p->token.kind = TOKEN_WORD;
    p->token.len = strspn(from, LETTER DIGIT ".");
    p->next += p->token.len;
    return 0;
}

static bool token_is(const struct parser *p, const char *text)
{
    return (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_SYMBOL) &&
           p->token.len == strlen(text) &&
           strncmp(p->constraint->text + p->token.at, text, p->token.len) == 0;
}

static int expect(struct parser *p, const char *text)
{
    char quoted[16];

    if (token_is(p, text))
        return advance(p);
    snprintf(quoted, sizeof quoted, "'%s'", text);
    return refuse_token(p, quoted);
}

/* --- types ------------------------------------------------------------------------------------ */

static bool is_order(enum op op)
{
    return op == OP_LESS || op == OP_LESS_EQUAL || op == OP_GREATER || op == OP_GREATER_EQUAL;
}

static const char *type_name(enum type type)
{
    return type == TYPE_NUMBER ? "a number" : type == TYPE_TEXT ? "text" : "a condition";
}

static int want_type(const struct parser *p, size_t node, enum type type, size_t at)
{
    enum type have = p->constraint->nodes[node].type;

    if (have == TYPE_UNKNOWN || have == type)
        return 0;
    return err_usage(p->err, "column %d: %s is needed, and this is %s", column(p, at),
                     type_name(type), type_name(have));
}

static int want_comparable(const struct parser *p, size_t left, size_t right, size_t at)
{
    enum type a = p->constraint->nodes[left].type, b = p->constraint->nodes[right].type;

    if (a == TYPE_UNKNOWN || b == TYPE_UNKNOWN || a == b)
        return 0;
    return err_usage(p->err, "column %d: %s cannot be compared with %s", column(p, at),
                     type_name(a), type_name(b));
}

/* Checks the operands, which begin at columns at[0] and at[1], the operator at at[2]. */
static int check_operands(const struct parser *p, const struct operator* operator, size_t left,
                          size_t right, const size_t at[3])
{
    enum type type = TYPE_NUMBER;

    if (operator->level == LEVEL_COMPARE && !is_order(operator->op))
        return want_comparable(p, left, right, at[2]);
    if (operator->level <= LEVEL_AND)
        type = TYPE_BOOL;
    return want_type(p, left, type, at[0]) != 0 ? -1 : want_type(p, right, type, at[1]);
}

/* --- grammar ---------------------------------------------------------------------------------- */

static size_t add_node(struct parser *p, struct node node)
{
    struct constraint *c = p->constraint;

    c->nodes = mem_room(c->nodes, c->n_nodes, sizeof *c->nodes);
    c->nodes[c->n_nodes] = node;
    return c->n_nodes++;
}

static int parse_level(struct parser *p, size_t *out, enum level level);

static int parse_name(struct parser *p, size_t *out)
{
    char *name = mem_strndup(p->constraint->text + p->token.at, p->token.len);
    size_t i = 0;

    while (i < p->n_names && strcmp(p->names[i], name) != 0)
        i++;
    if (i == p->n_names) {
        const char *meant = word_suggest(name, p->names, p->n_names);
        err_usage(p->err, "column %d: unknown parameter '%s'%s%s%s", column(p, p->token.at), name,
                  meant != NULL ? " (did you mean '" : "", meant != NULL ? meant : "",
                  meant != NULL ? "'?)" : "");
        free(name);
        return -1;
    }
    free(name);
    *out = add_node(p, (struct node){.op = OP_PARAM, .param = i});
    return advance(p);
}

static int parse_argument(struct parser *p, size_t *out)
{
    size_t at = p->token.at;

    return parse_level(p, out, LEVEL_OR) != 0 ? -1 : want_type(p, *out, TYPE_NUMBER, at);
}

/* Behind the name and its "(". */
static int parse_arguments(struct parser *p, size_t *out, const struct function *function)
{
    struct node node = {.op = function->op, .type = TYPE_NUMBER};

    if (parse_argument(p, &node.left) != 0)
        return -1;
    if (!function->folds)
        *out = add_node(p, node);
    if (function->folds && !token_is(p, ","))
        return refuse_token(p, "',' and a second argument");
    while (function->folds && token_is(p, ",")) {
        if (advance(p) != 0 || parse_argument(p, &node.right) != 0)
            return -1;
        node.left = *out = add_node(p, node);
    }
    return expect(p, ")");
}

static int parse_word(struct parser *p, size_t *out)
{
    bool call =
        p->constraint->text[p->next + strspn(p->constraint->text + p->next, " \t\n")] == '(';

    if (token_is(p, "true") || token_is(p, "false")) {
        struct node node = {.op = OP_BOOL, .type = TYPE_BOOL, .number = token_is(p, "true")};
        *out = add_node(p, node);
        return advance(p);
    }
    if (token_is(p, "and") || token_is(p, "or") || token_is(p, "not"))
        return refuse_token(p, "a value");
    for (size_t i = 0; call && i < sizeof functions / sizeof *functions; i++)
        if (token_is(p, functions[i].name))
            return advance(p) != 0 || expect(p, "(") != 0 ? -1
                                                          : parse_arguments(p, out, &functions[i]);
    return parse_name(p, out);
}

static int parse_atom(struct parser *p, size_t *out)
{
    struct node node = {.op = OP_NUMBER, .type = TYPE_NUMBER, .number = p->token.number};

    if (p->token.kind == TOKEN_WORD)
        return parse_word(p, out);
    if (token_is(p, "("))
        return advance(p) != 0 || parse_level(p, out, LEVEL_OR) != 0 ? -1 : expect(p, ")");
    if (p->token.kind == TOKEN_TEXT) {
        char *text = mem_strndup(p->constraint->text + p->token.at + 1, p->token.len - 2);
        node = (struct node){.op = OP_TEXT, .type = TYPE_TEXT, .text = text};
    } else if (p->token.kind != TOKEN_NUMBER) {
        return refuse_token(p, "a value");
    }
    *out = add_node(p, node);
    return advance(p);
}

/* `op` in front of an operand of level `level`. */
static int parse_prefix(struct parser *p, size_t *out, enum op op, enum level level, enum type type)
{
    struct node node = {.op = op, .type = type};

    if (advance(p) != 0)
        return -1;
    size_t at = p->token.at;
    if (parse_level(p, &node.left, level) != 0 || want_type(p, node.left, type, at) != 0)
        return -1;
    *out = add_node(p, node);
    return 0;
}

static const struct operator* operator_here(const struct parser *p, enum level level)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (operators[i].level == level && token_is(p, operators[i].text))
            return &operators[i];
    return NULL;
}

/* Operands of the next level, joined from left to right by operators of this one. */
static int parse_chain(struct parser *p, size_t *out, enum level level)
{
    const struct operator* operator;
    size_t at[3] = {p->token.at, 0, 0}, right;
    bool joined = false;

    if (parse_level(p, out, level + 1) != 0)
        return -1;
    while ((operator= operator_here(p, level)) != NULL) {
        at[2] = p->token.at;
        if (joined && level == LEVEL_COMPARE)
            return refuse(p, at[2], "comparisons do not chain: write 'a < b and b < c'");
        if (advance(p) != 0)
            return -1;
        at[1] = p->token.at;
        if (parse_level(p, &right, level + 1) != 0 ||
            check_operands(p, operator, * out, right, at) != 0)
            return -1;
        enum type type = level <= LEVEL_COMPARE ? TYPE_BOOL : TYPE_NUMBER;
        *out = add_node(p, (struct node){operator->op, type, *out, right, 0, 0, NULL});
        joined = true;
    }
    return 0;
}

static int parse_deeper(struct parser *p, size_t *out, enum level level)
{
    if (level == LEVEL_COMPARE && token_is(p, "not"))
        return parse_prefix(p, out, OP_NOT, LEVEL_COMPARE, TYPE_BOOL);
    if (level == LEVEL_UNARY && token_is(p, "-"))
        return parse_prefix(p, out, OP_NEGATE, LEVEL_UNARY, TYPE_NUMBER);
    return level == LEVEL_UNARY ? parse_atom(p, out) : parse_chain(p, out, level);
}

static int parse_level(struct parser *p, size_t *out, enum level level)
{
    bool opens = level == LEVEL_OR || (level == LEVEL_COMPARE && token_is(p, "not")) ||
                 (level == LEVEL_UNARY && token_is(p, "-"));

    if (opens && p->depth == DEPTH_MAX)
        return refuse(p, p->token.at, "nested too deeply");
    p->depth += opens;
    int rc = parse_deeper(p, out, level);
    p->depth -= opens;
    return rc;
}

int constraint_parse(struct constraint *constraint, const char *const *names, size_t n,
                     struct err *err)
{
    struct parser p = {.constraint = constraint, .names = names, .n_names = n, .err = err};

    if (strlen(constraint->text) > TEXT_MAX)
        return err_usage(err, "column %d: a constraint has at most %d characters", TEXT_MAX + 1,
                         TEXT_MAX);
    if (advance(&p) != 0 || parse_level(&p, &constraint->root, LEVEL_OR) != 0)
        return -1;
    if (p.token.kind != TOKEN_END)
        return refuse_token(&p, "an operator");
    return want_type(&p, constraint->root, TYPE_BOOL, 0);
}
