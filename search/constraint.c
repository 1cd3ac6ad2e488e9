/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "constraint_node.h"
#include "mem.h"

/* What a node yields for one config; TYPE_UNKNOWN where it is undefined. */
struct result {
    enum type type;
    double number; /* also 0 or 1 of a TYPE_BOOL */
    const char *text;
};

int constraint_new(struct constraint **out, const char *text, const char *const *names, size_t n,
                   struct err *err)
{
    struct constraint *c = mem_new(1, sizeof *c);

    c->text = mem_strdup(text);
    if (constraint_parse(c, names, n, err) != 0) {
        constraint_free(c);
        *out = NULL;
        return -1;
    }
    *out = c;
    return 0;
}

void constraint_free(struct constraint *constraint)
{
    if (constraint == NULL)
        return;
    for (size_t i = 0; i < constraint->n_nodes; i++)
        free(constraint->nodes[i].text);
    free(constraint->nodes);
    free(constraint->text);
    free(constraint);
}

const char *constraint_text(const struct constraint *constraint)
{
    return constraint->text;
}

/* --- evaluation ------------------------------------------------------------------------------- */

static const struct result undefined = {TYPE_UNKNOWN, NAN, NULL};

static struct result of_number(double x)
{
    return isfinite(x) ? (struct result){TYPE_NUMBER, x, NULL} : undefined;
}

static struct result of_bool(bool yes)
{
    return (struct result){TYPE_BOOL, yes ? 1 : 0, NULL};
}

static struct result of_value(const struct value *value)
{
    if (value->type == VALUE_TEXT)
        return (struct result){TYPE_TEXT, NAN, value->text};
    return value->type == VALUE_BOOL ? of_bool(value->number != 0) : of_number(value->number);
}

static bool is_true(struct result r)
{
    return (r.type == TYPE_BOOL || r.type == TYPE_NUMBER) && r.number != 0;
}

static double arithmetic(enum op op, double a, double b)
{
    switch (op) {
    case OP_ADD:
        return a + b;
    case OP_SUBTRACT:
        return a - b;
    case OP_MULTIPLY:
        return a * b;
    case OP_DIVIDE:
        return a / b;
    case OP_REMAINDER:
        return fmod(a, b);
    case OP_MIN:
        return fmin(a, b);
    default:
        return fmax(a, b);
    }
}

static bool ordered(enum op op, double a, double b)
{
    switch (op) {
    case OP_LESS:
        return a < b;
    case OP_LESS_EQUAL:
        return a <= b;
    case OP_GREATER:
        return a > b;
    default:
        return a >= b;
    }
}

/* Text and a number are different, never undefined. */
static bool equal(struct result a, struct result b)
{
    if (a.type != b.type)
        return false;
    return a.type == TYPE_TEXT ? strcmp(a.text, b.text) == 0 : a.number == b.number;
}

static struct result evaluate_unary(enum op op, struct result a)
{
    if (a.type == TYPE_UNKNOWN)
        return undefined;
    if (op == OP_NOT)
        return a.type == TYPE_TEXT ? undefined : of_bool(!is_true(a));
    if (a.type != TYPE_NUMBER)
        return undefined;
    if (op == OP_LOG2)
        return of_number(log2(a.number));
    return of_number(op == OP_ABS ? fabs(a.number) : -a.number);
}

static struct result evaluate_binary(enum op op, struct result a, struct result b)
{
    if (a.type == TYPE_UNKNOWN || b.type == TYPE_UNKNOWN)
        return undefined;
    if (op == OP_EQUAL || op == OP_DIFFERENT)
        return of_bool(equal(a, b) == (op == OP_EQUAL));
    if (a.type != TYPE_NUMBER || b.type != TYPE_NUMBER)
        return undefined;
    if (op >= OP_LESS && op <= OP_GREATER_EQUAL)
        return of_bool(ordered(op, a.number, b.number));
    return of_number(arithmetic(op, a.number, b.number));
}

static struct result evaluate(const struct constraint *c, size_t at, const struct value *config);

/* The right side counts only where the left one has not decided already. */
static struct result evaluate_logic(const struct constraint *c, const struct node *node,
                                    const struct value *config)
{
    struct result a = evaluate(c, node->left, config);

    if (a.type == TYPE_UNKNOWN || a.type == TYPE_TEXT)
        return undefined;
    if (is_true(a) == (node->op == OP_OR))
        return of_bool(is_true(a));
    struct result b = evaluate(c, node->right, config);
    return b.type == TYPE_UNKNOWN || b.type == TYPE_TEXT ? undefined : of_bool(is_true(b));
}

static struct result evaluate(const struct constraint *c, size_t at, const struct value *config)
{
    const struct node *node = &c->nodes[at];

    if (node->op == OP_PARAM)
        return of_value(&config[node->param]);
    if (node->op <= OP_BOOL)
        return (struct result){node->type, node->number, node->text};
    if (node->op == OP_OR || node->op == OP_AND)
        return evaluate_logic(c, node, config);
    struct result left = evaluate(c, node->left, config);
    if (node->op < OP_OR)
        return evaluate_unary(node->op, left);
    return evaluate_binary(node->op, left, evaluate(c, node->right, config));
}

bool constraint_holds(const struct constraint *constraint, const struct value *config)
{
    for (size_t i = 0; i < constraint->n_nodes; i++) {
        const struct node *node = &constraint->nodes[i];
        if (node->op == OP_PARAM && config[node->param].type == VALUE_NONE)
            return true;
    }
    return is_true(evaluate(constraint, constraint->root, config));
}
