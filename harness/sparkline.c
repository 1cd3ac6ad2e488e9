/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "sparkline.h"

static void add_code(struct str *out, uint32_t code)
{
    const char bytes[] = {(char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
                          (char)(0x80 | (code & 0x3f))};

    str_addn(out, bytes, sizeof bytes);
}

/* --- bars ----------------------------------------------------------------------------------- */

static void add_part(struct str *out, int eighths, bool ascii)
{
    if (eighths <= 0)
        str_add(out, ascii ? "." : "░");
    else if (ascii)
        str_add(out, eighths >= 4 ? "#" : ".");
    else
        add_code(out, 0x2590 - (uint32_t)(eighths > 8 ? 8 : eighths)); /* left part blocks */
}

void bar_write(struct str *out, double share, int width, bool ascii)
{
    double known = isfinite(share) ? fmin(fmax(share, 0), 1) : 0;
    int eighths = (int)lround(8 * known * width);

    for (int c = 0; c < width; c++)
        add_part(out, eighths - 8 * c, ascii);
}

/* --- lines ---------------------------------------------------------------------------------- */

static void find_range(double *low, double *high, const double *values, size_t n)
{
    *low = *high = NAN;
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i]))
            continue;
        *low = isnan(*low) ? values[i] : fmin(*low, values[i]);
        *high = isnan(*high) ? values[i] : fmax(*high, values[i]);
    }
}

/* The mean of the known values of column `c` of `width`; where none falls into it, the value that
 * the column lies in. */
static double column_mean(const double *values, size_t n, int c, int width)
{
    size_t from = (size_t)c * n / (size_t)width, to = ((size_t)c + 1) * n / (size_t)width,
           known = 0;
    double sum = 0;

    for (size_t i = from; i < (to > from ? to : from + 1) && i < n; i++)
        if (isfinite(values[i])) {
            sum += values[i];
            known++;
        }
    return known > 0 ? sum / (double)known : (double)NAN;
}

/* 0 … steps - 1; what never changes lies in the middle. */
static int level(double x, double low, double high, int steps)
{
    if (!(high > low))
        return steps / 2;
    int at = (int)floor((x - low) / (high - low) * steps);
    return at < steps ? at : steps - 1;
}

/* The means of all columns; the caller frees. */
static double *column_means(const double *values, size_t n, int width)
{
    double *means = mem_new((size_t)width, sizeof *means);

    for (int c = 0; c < width; c++)
        means[c] = n > 0 ? column_mean(values, n, c, width) : (double)NAN;
    return means;
}

void sparkline_write(struct str *out, const double *values, size_t n, int width, bool ascii)
{
    static const char plain[] = "_.-=*#%@";
    double low, high, *means = column_means(values, n, width);

    find_range(&low, &high, means, (size_t)width);
    for (int c = 0; c < width && n > 0; c++) {
        if (isnan(means[c]))
            str_add(out, " ");
        else if (ascii)
            str_addn(out, &plain[level(means[c], low, high, 8)], 1);
        else
            add_code(out, 0x2581 + (uint32_t)level(means[c], low, high, 8));
    }
    free(means);
}

/* --- charts --------------------------------------------------------------------------------- */

/* The bit of the dot in column x (0, 1) and row y (0 at the top … 3) of a braille character. */
static unsigned braille_bit(int x, int y)
{
    static const unsigned char bits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};

    return bits[x][y];
}

static void put_dots(struct screen *screen, const struct plot_area *area, const unsigned char *dots)
{
    for (int i = 0; i < area->height * area->width; i++) {
        struct str text = {0};
        if (dots[i] == 0)
            continue;
        if (screen->ascii)
            str_add(&text, "*");
        else
            add_code(&text, 0x2800u | dots[i]);
        screen_put(screen, area->row + i / area->width, area->column + i % area->width, PAINT_LINE,
                   str_text(&text));
        str_clear(&text);
    }
}

void plot_put(struct screen *screen, const struct plot_area *area, const double *values, size_t n,
              double *low, double *high)
{
    int across = 2 * area->width, down = 4 * area->height;
    unsigned char *dots = mem_new((size_t)area->width * (size_t)area->height, 1);
    double *means = column_means(values, n, across);

    find_range(low, high, means, (size_t)across);
    for (int x = 0; x < across; x++) {
        if (isnan(means[x]))
            continue;
        int y = down - 1 - level(means[x], *low, *high, down);
        dots[y / 4 * area->width + x / 2] |= (unsigned char)braille_bit(x % 2, y % 4);
    }
    put_dots(screen, area, dots);
    free(means);
    free(dots);
}
