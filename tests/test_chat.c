/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Conversations: how they are written down, what is read again, who may end an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "block.h"
#include "chat_template.h"
#include "check.h"
#include "generator.h"
#include "json.h"
#include "mem.h"

/* --- templates ----------------------------------------------------------------------------------
 */

/* Bytes, and the marks as tokens of their own, from 256 on. */
static struct tokenizer *tokenizer_with(const char *const *marks)
{
    struct tokenizer *plain, *t;
    struct str text = {0};
    struct err err = {0};
    json_t *root, *added, *vocab;

    assert_int_equal(tokenizer_new(&plain, "\\S+|\\s+", NULL, 0, &err), 0);
    tokenizer_write(&text, plain);
    root = json_loads(str_text(&text), 0, NULL);
    added = json_object_get(root, "added_tokens");
    vocab = json_object_get(json_object_get(root, "model"), "vocab");
    for (int id = 257; *marks != NULL; marks++, id++) {
        json_object_set_new(vocab, *marks, json_integer(id));
        json_array_append_new(added, json_pack("{s:i, s:s, s:b, s:b, s:b, s:b, s:b}", "id", id,
                                               "content", *marks, "special", 1, "single_word", 0,
                                               "lstrip", 0, "rstrip", 0, "normalized", 0));
    }
    if (tokenizer_from_json(&t, root, "test", &err) != 0)
        fail_msg("%s", err.text);
    json_decref(root);
    str_clear(&text);
    tokenizer_free(plain);
    return t;
}

static const char *const chatml[] = {"<|im_start|>", "<|im_end|>", NULL};
static const char *const llama3[] = {"<|begin_of_text|>", "<|start_header_id|>",
                                     "<|end_header_id|>", "<|eot_id|>", NULL};
static const char *const nothing[] = {NULL};

static void the_vocabulary_and_the_family_tell_the_template(void **state)
{
    static const struct {
        const char *const *marks;
        const char *arch, *name;
    } cases[] = {{chatml, "llama", "smollm2"}, {chatml, "qwen2", "qwen2.5"},
                 {chatml, "qwen3", "chatml"},  {llama3, "llama", "llama3"},
                 {nothing, "llama", "plain"},  {llama3, "qwen3", "plain"}};
    const struct chat_template *found;
    struct err err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tokenizer *t = tokenizer_with(cases[i].marks);
        assert_int_equal(chat_template_find(&found, NULL, cases[i].arch, t, &err), 0);
        assert_string_equal(found->name, cases[i].name);
        tokenizer_free(t);
    }
}

static void a_template_without_its_marks_is_refused(void **state)
{
    struct tokenizer *t = tokenizer_with(chatml);
    const struct chat_template *found;
    struct err err = {0};

    (void)state;
    assert_int_equal(chat_template_find(&found, "chatml", "llama", t, &err), 0);
    assert_int_equal(chat_template_find(&found, "llama3", "llama", t, &err), -1);
    assert_true(err.code == ERR_USAGE && strstr(err.text, "<|begin_of_text|>") != NULL);
    assert_int_equal(chat_template_find(&found, "smol", "llama", t, &err), -1);
    assert_true(err.code == ERR_USAGE && strstr(err.text, "qwen2.5, chatml") != NULL);
    tokenizer_free(t);
}

/* In a row's text a mark is its token; in what people say it is letters. */
static void nobody_can_say_a_mark(void **state)
{
    struct tokenizer *t = tokenizer_with(chatml);
    struct ids of_row = {0}, of_people = {0};
    struct err err = {0};

    (void)state;
    assert_int_equal(chat_template_add(&of_row, "<|im_end|>\n<|im_start|>user\n", t, &err), 0);
    assert_int_equal(of_row.at[0], chat_mark(t, "<|im_end|>"));
    assert_int_equal(of_row.at[1], '\n');
    assert_int_equal(of_row.at[2], chat_mark(t, "<|im_start|>"));
    assert_int_equal(of_row.n, 3 + strlen("user\n"));
    assert_int_equal(tokenizer_encode(&of_people, t, "<|im_end|>", 10, &err), 0);
    assert_int_equal(of_people.n, 10);
    ids_clear(&of_people);
    ids_clear(&of_row);
    tokenizer_free(t);
}

/* --- turns --------------------------------------------------------------------------------------
 */

struct talk {
    struct model_file file;
    real *weights;
    struct weights view; /* of them */
};

static void talk_open(struct talk *t)
{
    const struct shape shape = {.dim = 16,
                                .layers = 2,
                                .heads = 2,
                                .kv_heads = 1,
                                .hidden = 24,
                                .vocab = 40,
                                .seq = 64,
                                .tied = true,
                                .rope_theta = 100,
                                .norm_eps = 1e-5};
    struct err err = {0};

    *t = (struct talk){0};
    assert_int_equal(model_init(&t->file.model, architecture_find("llama"), &shape, &err), 0);
    t->weights = block_new(t->file.model.n_weights);
    model_start(&t->file.model, t->weights, 3, 0.3);
    weights_of_block(&t->view, &t->file.model, t->weights);
}

static void talk_close(struct talk *t)
{
    weights_clear(&t->view);
    free(t->weights);
    model_clear(&t->file.model);
}

static struct generator *open_generator(const struct talk *t, const struct generation *how)
{
    struct generator *g;
    struct err err = {0};

    assert_int_equal(generator_open(&g, &t->file, &t->view, NULL, how, 64, 1, &err), 0);
    return g;
}

static void add_turn(struct ids *text, uint32_t first)
{
    for (uint32_t i = 0; i < 5; i++)
        ids_add(text, (first + 7 * i) % 40);
}

/* Three turns, each behind all that was said: greedy tokens as if everything were read anew. */
static void what_is_kept_is_what_would_be_read_again(void **state)
{
    struct generation keeps = {.sampling = {.top_p = 1, .repetition_penalty = 1},
                               .tokens = 6,
                               .through_ends = true,
                               .keeps = true};
    struct generation fresh = keeps;
    struct generator *kept, *anew;
    struct ids text = {0};
    struct err err = {0};
    struct talk t;

    (void)state;
    fresh.keeps = false;
    talk_open(&t);
    kept = open_generator(&t, &keeps);
    anew = open_generator(&t, &fresh);
    for (uint32_t turn = 0; turn < 4; turn++) {
        struct generated a, b;
        if (turn == 3)
            text.n = 8; /* another conversation with the same beginning */
        add_turn(&text, 3 * turn + 1);
        assert_int_equal(generator_run(&a, kept, &text, turn, NULL, NULL, &err), 0);
        assert_int_equal(generator_run(&b, anew, &text, turn, NULL, NULL, &err), 0);
        assert_int_equal(a.ids.n, 6);
        assert_memory_equal(a.ids.at, b.ids.at, 6 * sizeof *a.ids.at);
        for (size_t i = 0; i < a.ids.n; i++)
            ids_add(&text, a.ids.at[i]);
        ids_clear(&a.ids);
        ids_clear(&b.ids);
    }
    generator_close(anew);
    generator_close(kept);
    ids_clear(&text);
    talk_close(&t);
}

static void an_answer_ends_where_somebody_has_had_enough(void **state)
{
    static volatile sig_atomic_t stop;
    const struct generation how = {.sampling = {.top_p = 1, .repetition_penalty = 1},
                                   .tokens = 6,
                                   .through_ends = true,
                                   .keeps = true,
                                   .stop = &stop};
    struct generator *g;
    struct ids text = {0};
    struct generated r;
    struct err err = {0};
    struct talk t;

    (void)state;
    talk_open(&t);
    g = open_generator(&t, &how);
    add_turn(&text, 1);
    stop = 1;
    assert_int_equal(generator_run(&r, g, &text, 0, NULL, NULL, &err), 0);
    assert_true(r.end == END_INTERRUPTED && r.ids.n == 0);
    ids_clear(&r.ids);
    stop = 0;
    assert_int_equal(generator_run(&r, g, &text, 0, NULL, NULL, &err), 0);
    assert_true(r.end == END_LENGTH && r.ids.n == 6);
    ids_clear(&r.ids);
    generator_close(g);
    ids_clear(&text);
    talk_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vocabulary_and_the_family_tell_the_template),
        cmocka_unit_test(a_template_without_its_marks_is_refused),
        cmocka_unit_test(nobody_can_say_a_mark),
        cmocka_unit_test(what_is_kept_is_what_would_be_read_again),
        cmocka_unit_test(an_answer_ends_where_somebody_has_had_enough),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
