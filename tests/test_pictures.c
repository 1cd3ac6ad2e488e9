/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report's figures and its page of HTML: what stands in them, and what cannot. */
#include "record_fixture.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "chart.h"
#include "fate.h"
#include "html.h"
#include "pictures.h"
#include "report.h"

/* --- a night of four experiments ---------------------------------------------------------------
 */

static void begin(struct night *night)
{
    night_begin(night, usual_study);
    night_baseline(night);
    int64_t better = night_propose(night, 1, "layers=4");
    night_pair(night, better, 1, 21, 3.00, 2.90);
    night_pair(night, better, 1, 22, 3.10, 2.98);
    night_decide(night, better, OUTCOME_KEEP, 0.11, 0.04, 0.18, "better on 2 pairs");
    int64_t worse = night_propose(night, better, "optimizer=|<script>alert(1)</script>");
    night_pair(night, worse, better, 31, 3.00, 3.02);
    night_pair(night, worse, better, 32, 3.10, 3.05);
    night_decide(night, worse, OUTCOME_REVERT, 0.015, -0.05, 0.08, "not better");
    int64_t failed = night_propose(night, better, "lr=0.01");
    night_run(night, failed, 41, CLASS_EXIT, NAN, "<b>gone</b> https://example.org/");
    night_decide(night, failed, OUTCOME_FAILED, NAN, NAN, NAN, "failed");
}

/* --- artists -----------------------------------------------------------------------------------
 */

static int stencil(struct str *svg, const char *script, struct err *err)
{
    (void)err;
    assert_non_null(strstr(script, "set terminal svg"));
    str_add(svg, "<svg>drawn</svg>");
    return 0;
}

static int clumsy(struct str *svg, const char *script, struct err *err)
{
    (void)script;
    str_add(svg, "<svg>half");
    return err_environment(err, "the pencil broke");
}

static int absent(struct str *svg, const char *script, struct err *err)
{
    (void)svg;
    (void)script;
    (void)err;
    return 0;
}

/* --- helpers -----------------------------------------------------------------------------------
 */

static char *text_of(const char *dir, const char *name)
{
    char *path = path_join(dir, name), *text = NULL;
    struct err err = {0};

    if (file_exists(path))
        assert_int_equal(file_read(&text, NULL, path, 1 << 22, &err), 0);
    free(path);
    return text;
}

/* Both texts of the report with this artist, in night->dir/report; the caller frees. */
static void write_report(char **markdown, char **html, const struct night *night,
                         pictures_artist *artist)
{
    char *dir = path_join(night->dir, "report"), *path;
    struct report_means means = {artist, NULL};
    struct err err = {0};

    assert_int_equal(report_write(&path, &night->record, night->store, dir, &means, &err), 0);
    *markdown = text_of(dir, "REPORT.md");
    *html = text_of(dir, "report.html");
    assert_non_null(*markdown);
    assert_non_null(*html);
    free(path);
    free(dir);
}

static char *page(const char *markdown, const char *script)
{
    struct str out = {0}, body = {0};
    struct err err = {0};

    assert_int_equal(html_markdown(&body, markdown, &err), 0);
    html_page(&out, "a < b", str_text(&body), script, strlen(script));
    str_clear(&body);
    return str_take(&out);
}

static bool has(const char *text, const char *words)
{
    return strstr(text, words) != NULL;
}

/* --- the page ----------------------------------------------------------------------------------
 */

static void markup_within_the_text_stays_text(void **state)
{
    (void)state;
    char *text = page("<script>alert(1)</script> and <img src=x onerror=y>\n\n"
                      "<div>block</div>\n\nhttps://example.org/ www.example.org a@b.org\n",
                      "");
    assert_false(has(text, "<script"));
    assert_false(has(text, "<img"));
    assert_false(has(text, "<div"));
    assert_false(has(text, "<a "));
    assert_true(has(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_true(has(text, "<title>a &lt; b</title>"));
    free(text);
}

static void the_policy_allows_the_pages_own_style_and_nothing_else(void **state)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], want[64];

    (void)state;
    char *text = page("# Head\n", "");
    const char *begin = strstr(text, "<style>"), *end = strstr(text, "</style>");
    assert_non_null(begin);
    begin += strlen("<style>");
    SHA256((const unsigned char *)begin, (size_t)(end - begin), digest);
    EVP_EncodeBlock(want, digest, sizeof digest);
    char *policy = mem_printf("content=\"default-src 'none'; style-src 'sha256-%s'; img-src data:;",
                              (const char *)want);
    assert_true(has(text, policy));
    assert_false(has(text, "unsafe"));
    assert_false(has(text, " style="));
    assert_true(has(text, "<h1>Head</h1>"));
    free(policy);
    free(text);
}

static void a_script_of_the_page_is_allowed_by_its_hash(void **state)
{
    unsigned char digest[SHA256_DIGEST_LENGTH], want[64];
    static const char script[] = "start();";

    (void)state;
    char *text = page("# Head\n", script);
    SHA256((const unsigned char *)script, strlen(script), digest);
    EVP_EncodeBlock(want, digest, sizeof digest);
    char *policy = mem_printf("; script-src 'sha256-%s'; img-src data:;", (const char *)want);
    assert_true(has(text, policy));
    assert_true(has(text, "<script>start();</script>"));
    assert_false(has(text, "unsafe"));
    free(policy);
    free(text);
}

static void data_in_the_page_cannot_end_their_block(void **state)
{
    struct str out = {0};

    (void)state;
    html_data(&out, "data-x", "a,\"</script><!--\\\n\x01&");
    assert_string_equal(str_text(&out),
                        "<script type=\"application/json\" id=\"data-x\">\"a,\\u0022\\u003c/script"
                        "\\u003e\\u003c!--\\u005c\\n\\u0001\\u0026\"</script>\n");
    str_clear(&out);
}

static void tables_keep_their_alignment(void **state)
{
    (void)state;
    char *text = page("| a | b |\n|---|---:|\n| x | 1 |\n", "");
    assert_true(has(text, "<td align=\"right\">1</td>"));
    free(text);
}

/* --- figures -----------------------------------------------------------------------------------
 */

static void nothing_in_a_quoted_text_has_a_meaning(void **state)
{
    struct str out = {0};

    (void)state;
    figure_quote(&out, "it's `touch x`\nEOD\n$(y) \"z\"");
    assert_null(strchr(str_text(&out), '\n'));
    assert_memory_equal(str_text(&out), "'it''s `touch x`", 16);
    size_t quotes = 0;
    for (const char *c = str_text(&out); *c != '\0'; c++)
        quotes += *c == '\'';
    assert_int_equal(quotes, 4);
    str_clear(&out);
}

static void scripts_hold_no_text_from_outside_but_in_quotes(void **state)
{
    struct night night;
    struct facts facts;

    (void)state;
    begin(&night);
    facts_init(&facts, &night.record);
    size_t drawn = 0;
    for (size_t i = 0; figures[i] != NULL; i++) {
        struct str script = {0};
        figure_script(&script, figures[i], &facts, NULL);
        drawn += script.len > 0;
        const char *markup = strstr(str_text(&script), "|<script>");
        assert_true(markup == NULL || markup[-1] == '\'');
        assert_false(has(str_text(&script), "gone"));
        str_clear(&script);
    }
    assert_true(drawn >= 3); /* some have nothing to say of four experiments */
    facts_clear(&facts);
    night_end(&night);
}

static void the_data_hold_every_experiment_with_unknowns_left_empty(void **state)
{
    struct night night;
    struct facts facts;
    struct str csv = {0};

    (void)state;
    begin(&night);
    facts_init(&facts, &night.record);
    for (size_t i = 0; figures[i] != NULL; i++)
        if (strcmp(figures[i]->name, "history") == 0)
            figures[i]->csv(&csv, &facts, NULL);
    assert_true(has(str_text(&csv), "\n1,baseline,5,3.08,"));
    assert_true(has(str_text(&csv), "\n2,verified,4,2.99"));
    assert_true(has(str_text(&csv), "\n4,failed,0,,,,"));
    str_clear(&csv);
    facts_clear(&facts);
    night_end(&night);
}

/* The data of a figure: of its CSV, or as its live chart gets them.  The caller frees. */
static char *data_of(const char *figure, bool live)
{
    struct night night;
    struct facts facts;
    struct str out = {0};

    begin(&night);
    facts_init(&facts, &night.record);
    for (size_t i = 0; figures[i] != NULL; i++)
        if (strcmp(figures[i]->name, figure) == 0)
            (live ? figures[i]->rows : figures[i]->csv)(&out, &facts, NULL);
    facts_clear(&facts);
    night_end(&night);
    return str_take(&out);
}

static void the_data_say_once_what_the_charts_repeat(void **state)
{
    char *history = data_of("history", false), *slices = data_of("slices", false);
    char *marks = data_of("history", true), *points = data_of("slices", true);

    (void)state;
    assert_true(has(history, "experiment,became,seeds,mean,low,high,head,from\n1,baseline,"));
    assert_true(has(history, "\n4,failed,0,,,,2,2\n")); /* head and origin by their numbers */
    assert_true(has(marks, ",layers 3 -> 4\n"));        /* both by what they mean */
    assert_true(has(slices, "experiment,mean,lr,layers,"));
    assert_true(has(slices, "\n1,3.08")); /* one row an experiment … */
    assert_null(strstr(strstr(slices, "\n4,") + 1, "\n4,"));
    assert_true(has(points, "\nlayers,linear,4,")); /* … and one a mark */
    free(history);
    free(slices);
    free(marks);
    free(points);
}

static void fields_with_commas_or_quotes_are_quoted(void **state)
{
    struct str out = {0};

    (void)state;
    figure_field(&out, "plain");
    figure_field(&out, ",a \"b\"");
    assert_string_equal(str_text(&out), "plain\",a \"\"b\"\"\"");
    str_clear(&out);
}

static void an_interval_needs_two_seeds(void **state)
{
    struct summary one = {.n = 1, .mean = 3, .sd = NAN}, four = {.n = 4, .mean = 3, .sd = 2};

    (void)state;
    assert_true(isnan(figure_half_width(&one)));
    assert_true(fabs(figure_half_width(&four) - 3.182446) < 1e-5); /* t(3), 97.5 % */
}

/* --- the report --------------------------------------------------------------------------------
 */

static void both_texts_have_the_pictures_each_in_its_way(void **state)
{
    struct night night;
    char *markdown, *html, *svg;

    (void)state;
    begin(&night);
    write_report(&markdown, &html, &night, stencil);
    assert_true(has(markdown, "](figures/history.svg)"));
    assert_false(has(markdown, "data:image"));
    assert_true(has(html, "<img src=\"data:image/svg+xml;base64,PHN2Zz5kcmF3bjwvc3ZnPg==\""));
    assert_false(has(html, "<script>alert"));
    assert_false(has(html, "<b>gone"));
    assert_false(has(html, "<a href=\"http"));
    svg = text_of(night.dir, "report/figures/history.svg");
    assert_string_equal(svg, "<svg>drawn</svg>");
    free(svg);
    free(html);
    free(markdown);
    night_end(&night);
}

static void a_report_does_not_hang_on_its_pictures(void **state)
{
    struct night night;
    char *markdown, *html;

    (void)state;
    begin(&night);
    write_report(&markdown, &html, &night, stencil);
    free(html);
    free(markdown);
    for (size_t i = 0; i < 2; i++) {
        write_report(&markdown, &html, &night, i == 0 ? clumsy : absent);
        assert_false(has(markdown, "](figures/"));
        assert_false(has(html, "<img"));
        assert_true(has(html, "<pre>")); /* the chart in plain text */
        assert_null(text_of(night.dir, "report/figures/history.svg"));
        free(html);
        free(markdown);
    }
    night_end(&night);
}

static void the_same_record_gives_the_same_page(void **state)
{
    struct night night;
    char *markdown[2], *html[2];

    (void)state;
    begin(&night);
    for (size_t i = 0; i < 2; i++)
        write_report(&markdown[i], &html[i], &night, stencil);
    assert_string_equal(markdown[0], markdown[1]);
    assert_string_equal(html[0], html[1]);
    for (size_t i = 0; i < 2; i++) {
        free(markdown[i]);
        free(html[i]);
    }
    night_end(&night);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_within_the_text_stays_text),
        cmocka_unit_test(the_policy_allows_the_pages_own_style_and_nothing_else),
        cmocka_unit_test(a_script_of_the_page_is_allowed_by_its_hash),
        cmocka_unit_test(data_in_the_page_cannot_end_their_block),
        cmocka_unit_test(tables_keep_their_alignment),
        cmocka_unit_test(nothing_in_a_quoted_text_has_a_meaning),
        cmocka_unit_test(scripts_hold_no_text_from_outside_but_in_quotes),
        cmocka_unit_test(the_data_hold_every_experiment_with_unknowns_left_empty),
        cmocka_unit_test(the_data_say_once_what_the_charts_repeat),
        cmocka_unit_test(fields_with_commas_or_quotes_are_quoted),
        cmocka_unit_test(an_interval_needs_two_seeds),
        cmocka_unit_test(both_texts_have_the_pictures_each_in_its_way),
        cmocka_unit_test(a_report_does_not_hang_on_its_pictures),
        cmocka_unit_test(the_same_record_gives_the_same_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
