/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bpe.h - byte-pair encoding of one piece: the merge of lowest rank first, leftmost first.
 * Sennrich, Haddow & Birch 2016, arXiv:1508.07909; on bytes as in GPT-2 (Radford et al. 2019).
 *
 * Invariant: whatever the merges, the tokens' bytes put together are the piece.
 */
#ifndef TRAINER_BPE_H
#define TRAINER_BPE_H

#include <stddef.h>
#include <stdint.h>

/* Token ids that grow.  A zeroed struct is empty. */
struct ids {
    uint32_t *at;
    size_t n;
};
void ids_add(struct ids *ids, uint32_t id);
void ids_clear(struct ids *ids); /* frees; empty again */

/* Tokens `left` and `right` side by side become `merged`.  The rank is the place in the list. */
struct merge {
    uint32_t left, right, merged;
};

struct bpe;

/* Copies both arrays; where a pair stands twice, the first counts. */
struct bpe *bpe_new(const uint32_t byte_ids[256], const struct merge *merges, size_t n);
void bpe_free(struct bpe *bpe);

/* Adds the piece's ids to `out`.  O(n log n) in its length.  Uses scratch in `bpe`: one thread at
 * a time. */
void bpe_encode(struct ids *out, struct bpe *bpe, const unsigned char *piece, size_t n);

#endif
