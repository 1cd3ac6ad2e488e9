/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "command.h"
#include "err.h"
#include "shim.h"
#include "start.h"
#include "task.h"

int main(int argc, char **argv)
{
    if (!start_well())
        return ERR_ENVIRONMENT;
    if (argc == 3 && strcmp(argv[1], "_shim") == 0)
        return shim_main(argv[2]);
    if (argc == 4 && strcmp(argv[1], TASK_WORD) == 0)
        return task_main(argv[2], argv[3]);
    return command_main(argc, argv);
}
