/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "record_fixture.h"

#include <time.h>

#include "sparkline.h"
#include "watch_layout.h"

/* --- pieces --------------------------------------------------------------------------------- */

static void assert_bar(double share, int width, bool ascii, const char *want)
{
    struct str text = {0};

    bar_write(&text, share, width, ascii);
    assert_string_equal(str_text(&text), want);
    str_clear(&text);
}

static void a_bar_is_as_long_as_its_share(void **state)
{
    (void)state;
    assert_bar(0, 4, false, "░░░░");
    assert_bar(1, 4, false, "████");
    assert_bar(0.5, 4, false, "██░░");
    assert_bar(0.5 + 1.0 / 32, 4, false, "██▏░");
    assert_bar(7, 4, false, "████");
    assert_bar(-1, 4, false, "░░░░");
    assert_bar(NAN, 4, false, "░░░░");
    assert_bar(0.5, 4, true, "##..");
}

static void assert_line(const double *values, size_t n, int width, bool ascii, const char *want)
{
    struct str text = {0};

    sparkline_write(&text, values, n, width, ascii);
    assert_string_equal(str_text(&text), want);
    str_clear(&text);
}

static void a_sparkline_follows_its_values(void **state)
{
    const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7}, flat[] = {2, 2}, holes[] = {0, NAN, 7};

    (void)state;
    assert_line(rising, 8, 8, false, "▁▂▃▄▅▆▇█");
    assert_line(rising, 8, 8, true, "_.-=*#%@");
    assert_line(rising, 8, 2, false, "▁█");
    assert_line(flat, 2, 4, false, "▅▅▅▅");
    assert_line(holes, 3, 3, false, "▁ █");
    assert_line(NULL, 0, 3, false, "");
}

static void a_chart_has_its_largest_value_at_the_top(void **state)
{
    const double falling[] = {4, 3, 2, 1}, unknown[] = {NAN};
    const struct plot_area area = {.row = 0, .column = 1, .height = 1, .width = 2};
    struct screen screen;
    struct str text = {0};
    double low, high;

    (void)state;
    screen_init(&screen, 1, 4, false);
    plot_put(&screen, &area, falling, 4, &low, &high);
    screen_text(&text, &screen);
    assert_string_equal(str_text(&text), " ⠑⢄\n");
    assert_true(low == 1 && high == 4);
    plot_put(&screen, &area, unknown, 1, &low, &high);
    assert_true(isnan(low) && isnan(high));
    str_clear(&text);
    screen_clear(&screen);
}

static void what_a_terminal_cannot_show_in_one_column_is_replaced(void **state)
{
    struct screen screen;
    struct str text = {0};

    (void)state;
    screen_init(&screen, 2, 20, false);
    assert_int_equal(screen_put(&screen, 0, 2, PAINT_PLAIN, "é\033[31m漢e\xcc\x81"), 14);
    assert_int_equal(screen_put(&screen, 1, 18, PAINT_PLAIN, "cut"), 20);
    screen_put(&screen, 7, 0, PAINT_PLAIN, "below");
    screen_put(&screen, -1, 0, PAINT_PLAIN, "above");
    screen_text(&text, &screen);
    assert_string_equal(str_text(&text), "  é\\x1b[31m?e?\n                  cu\n");
    str_clear(&text);
    screen_clear(&screen);
}

/* --- a whole screen -------------------------------------------------------------------------- */

/* The baseline, a keep and a failure; two runs are under way, one of which has said something. */
static void fill_night(struct night *night)
{
    night_baseline(night);
    night_propose(night, 1, "layers=4");
    night_pair(night, 2, 1, 21, 3.0, 2.875);
    night_decide(night, 2, OUTCOME_KEEP, 0.125, 0.0625, 0.25, "better on 1 pair");
    night_propose(night, 2, "lr=0.1");
    night_run(night, 3, 31, CLASS_EXIT, NAN, "exit 3: \xff\x1b[31m");
    night_decide(night, 3, OUTCOME_FAILED, NAN, NAN, NAN, "failed on seed 31");
    night_propose(night, 2, "lr=0.25");
    night_run(night, 4, 41, CLASS_NONE, NAN, NULL);
    night_run(night, 4, 42, CLASS_NONE, NAN, NULL);
    for (size_t i = 0; i < night->record.n_experiments; i++)
        night->record.experiments[i].created = 1795300000 + 100 * (int64_t)i;
}

static void say_something(struct watch_live *live, const struct view *view)
{
    struct live_run *run;

    watch_live_follow(live, view);
    assert_int_equal(live->n, 2);
    run = &live->runs[0];
    run->progress = 0.25;
    for (int i = 1; i <= 8; i++) {
        struct curve_record record = {
            .progress = i / 32.0, .step = i, .metric = 4 - 0.125 * i, .train = NAN};
        run_curves_add(&run->reader.curves, &record);
    }
}

/* The screen of the night above, as text. */
static char *picture(int rows, int columns, bool ascii, struct watch_place *place)
{
    struct night night;
    struct view view;
    struct watch_live live = {0};
    struct watch_model model;
    struct screen screen;
    struct str text = {0};
    const struct watch_now now = {.unix_s = 1795300067, .end = 1795300067 + 5400};
    size_t page;

    night_begin(&night, usual_study);
    fill_night(&night);
    view = (struct view){
        .place = {.run_dir = night.dir}, .store = night.store, .record = night.record};
    facts_init(&view.facts, &view.record);
    say_something(&live, &view);
    watch_model_make(&model, &view, &live, &now);
    model.running = true; /* nobody holds the lock of a night in memory */
    watch_model_renew(&model, &view, &live, &now);
    screen_init(&screen, rows, columns, ascii);
    watch_layout(&screen, &model, place, &page);
    screen_text(&text, &screen);
    screen_clear(&screen);
    watch_model_clear(&model);
    watch_live_clear(&live);
    facts_clear(&view.facts);
    night_end(&night);
    return str_take(&text);
}

static void assert_picture(int rows, int columns, bool ascii, struct watch_place *place,
                           const char *want)
{
    char *text = picture(rows, columns, ascii, place);

    if (strcmp(text, want) != 0)
        fail_msg("the screen is\n%sand not\n%s", text, want);
    free(text);
}

static void a_screen_of_usual_size_shows_all_there_is(void **state)
{
    struct watch_place place = {.pane = PANE_DECISIONS};

    (void)state;
    assert_picture(
        24, 80, false, &place,
        " dusk · running 67 s · experiment 4 of 20 · about 26 min 40 s left, by 23:57\n"
        " + 2 keep   - 0 revert   x 1 failed   . 1 pending   runs 6, 2 lost\n"
        "\n"
        "  4 seed 41, proposal  ███░░░░░░░░░  25 %  61 s  val_loss 3 ███▇▇▆▆▆▅▅▄▄▃▃▃▂▂▁▁\n"
        "  4 seed 42, proposal  ███████████▉  99 %?  60 s\n"
        "\n"
        "  incumbent  2  val_loss 2.875 (1 seed), verified against 1: +0.125 [+0.0625, …\n"
        "  tests      2 so far, 1 verified; the next at level 0.05\n"
        "\n"
        " [decisions 3]  trouble 1   chart\n"
        "       3  verify       3  x failed    -                        failed on seed …\n"
        "       2  verify       2  + verified  +0.125 [+0.0625, +0.25]  layers 3 -> 4\n"
        "       1  head         1  + keep      -                        baseline\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        "\n"
        " q quit   tab pane   up/down scroll   ? help   s stop\n");
}

static void a_screen_without_utf8_is_ascii(void **state)
{
    struct watch_place place = {.pane = PANE_CHART};
    char *text = picture(24, 100, true, &place);

    (void)state;
    for (const char *at = text; *at != '\0'; at++)
        assert_in_range(*at, '\n', '~');
    assert_non_null(strstr(text, "#####..............."));
    assert_non_null(strstr(text, "[chart]"));
    free(text);
}

static void a_small_screen_keeps_the_first_run_and_the_newest_decision(void **state)
{
    struct watch_place place = {.pane = PANE_DECISIONS, .first = 2};

    (void)state;
    assert_picture(7, 50, false, &place,
                   " dusk · running 67 s · experiment 4 of 20 · abou…\n"
                   " + 2 keep   - 0 revert   x 1 failed   . 1 pendin…\n"
                   "  4 seed 41, proposal  ███░░░░░░░░░  25 %  61 s  …\n"
                   "  and 1 more under way\n"
                   " [decisions 3]  trouble 1   chart\n"
                   "       1  head         1  + keep      -  baseline\n"
                   " q quit   tab pane   up/down scroll   ? help   s…\n");
}

static void every_size_and_pane_can_be_drawn(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 40; rows += 3)
        for (int columns = 1; columns <= 140; columns += 23) {
            struct watch_place place = {.pane = (enum watch_pane)(rows % WATCH_PANES),
                                        .first = 1000,
                                        .help = rows % 2 == 0};
            free(picture(rows, columns, false, &place));
            assert_in_range(place.first, 0, 2);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bar_is_as_long_as_its_share),
        cmocka_unit_test(a_sparkline_follows_its_values),
        cmocka_unit_test(a_chart_has_its_largest_value_at_the_top),
        cmocka_unit_test(what_a_terminal_cannot_show_in_one_column_is_replaced),
        cmocka_unit_test(a_screen_of_usual_size_shows_all_there_is),
        cmocka_unit_test(a_screen_without_utf8_is_ascii),
        cmocka_unit_test(a_small_screen_keeps_the_first_run_and_the_newest_decision),
        cmocka_unit_test(every_size_and_pane_can_be_drawn),
    };

    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
