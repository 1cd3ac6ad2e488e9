/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * constraint_node.h - a constraint as a tree: made by constraint_parse.c, evaluated by
 * constraint.c.
 *
 * To add an operator: a row in constraint_parse.c, a case in constraint.c.
 */
#ifndef SEARCH_CONSTRAINT_NODE_H
#define SEARCH_CONSTRAINT_NODE_H

#include "constraint.h"

enum op {
    OP_NUMBER,
    OP_TEXT,
    OP_BOOL,
    OP_PARAM,
    OP_NOT,
    OP_NEGATE,
    OP_ABS,
    OP_LOG2,
    OP_OR,
    OP_AND,
    OP_EQUAL,
    OP_DIFFERENT,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_REMAINDER,
    OP_MIN,
    OP_MAX,
};

/* What a node yields.  In a tree TYPE_UNKNOWN is a parameter, whose type depends on the config; in
 * an evaluation it is something undefined, such as a division by zero. */
enum type { TYPE_UNKNOWN, TYPE_NUMBER, TYPE_TEXT, TYPE_BOOL };

struct node {
    enum op op;
    enum type type;
    size_t left, right; /* nodes; a unary operator has only `left` */
    size_t param;       /* OP_PARAM: its index */
    double number;      /* OP_NUMBER; 0 or 1 for OP_BOOL */
    char *text;         /* OP_TEXT: owned */
};

struct constraint {
    char *text;
    struct node *nodes; /* [n_nodes] */
    size_t n_nodes;
    size_t root;
};

/* Fills nodes and root from constraint->text; err says "column C: …". */
int constraint_parse(struct constraint *constraint, const char *const *names, size_t n,
                     struct err *err);

#endif
