/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of docs/, byte for byte (topic.h).  The build says where they lie. */
    .macro page name, file
    .global topic_\name, topic_\name\()_end
topic_\name:
    .incbin "\file"
topic_\name\()_end:
    .byte 0
    .endm

    .section .rodata
    page tutorial, "docs/tutorial.md"
    page believe, "docs/believe.md"
    page cluster, "docs/cluster.md"
    page study, "docs/study.md"
    page trainer, "docs/trainer.md"
    page commands, "docs/commands.md"
    page exit_codes, "docs/exit-codes.md"
    page search, "docs/search.md"
    page statistics, "docs/statistics.md"
    page simulation, "docs/simulation.md"
    page record, "docs/record.md"
    page overnight, "docs/overnight.md"
    page agents, "docs/agents.md"
    page migrate, "docs/migrate.md"
    page data, "docs/data.md"
    page models, "docs/models.md"
    page training, "docs/training.md"
    .section .note.GNU-stack, "", %progbits
